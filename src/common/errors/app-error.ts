import type { ErrorCode } from './error-codes.js';

export interface AppErrorOptions {
  /** For people and programs; never a secret, never an internal. */
  details?: Record<string, unknown>;
  /** Seconds after which the same request may succeed; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** A failure that the caller is meant to see: a stable code, a sentence for people, optional details. */
export abstract class AppError extends Error {
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
