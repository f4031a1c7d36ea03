import { AppError } from '../../common/errors/app-error.js';

/** The same for a right and a wrong password, and whether or not there is an account: none was looked at. */
export class LockedOutError extends AppError {
  constructor(retryAfterSeconds: number) {
    super('LOCKED_OUT', 'Too many failed logins; try again after the time in Retry-After.', {
      retryAfterSeconds,
    });
  }
}

/** Below a lock: as many failures as are let through within ten minutes. */
export class TooManyFailuresError extends AppError {
  constructor(retryAfterSeconds: number) {
    super('RATE_LIMITED', 'Too many failed logins; try again after the time in Retry-After.', {
      retryAfterSeconds,
    });
  }
}
