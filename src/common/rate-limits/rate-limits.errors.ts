import { AppError } from '../errors/app-error.js';

/** As many as are allowed within the time were there already. */
export class RateLimitedError extends AppError {
  constructor({ retryAfterSeconds }: { retryAfterSeconds: number }) {
    super('RATE_LIMITED', 'Too many attempts; try again after the time in Retry-After.', {
      retryAfterSeconds,
    });
  }
}
