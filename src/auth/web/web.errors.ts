import { AppError } from '../../common/errors/app-error.js';

/** A request that no page of this service made. */
export class ForeignPageError extends AppError {
  constructor(publicUrl: string) {
    super(
      'CSRF_FAILED',
      `Only a page of this service, opened at ${publicUrl}, may ask for this; programs use the routes that take a bearer token.`,
    );
  }
}

/** A request of a page of ours that does not show what only such a page can read. */
export class CsrfTokenError extends AppError {
  constructor() {
    super('CSRF_FAILED', 'Send the value of the __Host-csrf cookie as X-CSRF-Token.');
  }
}
