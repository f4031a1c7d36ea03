import { AppError } from './app-error.js';

export interface FieldProblem {
  field: string;
  problems: string[];
}

export class ValidationFailedError extends AppError {
  constructor(fields: FieldProblem[]) {
    super('VALIDATION_ERROR', 'Some fields are not valid; see details.fields.', { details: { fields } });
  }
}

export class MalformedJsonError extends AppError {
  constructor(reason: string) {
    super('MALFORMED_JSON', `The body is not acceptable JSON: ${reason}.`);
  }
}

export class MalformedRequestError extends AppError {
  constructor(message: string) {
    super('MALFORMED_REQUEST', message);
  }
}

/** Also where somebody is not to know that there is something. */
export class NotFoundError extends AppError {
  constructor() {
    super('NOT_FOUND', 'There is nothing at this address.');
  }
}

export class MisdirectedRequestError extends AppError {
  constructor() {
    super('MISDIRECTED_REQUEST', 'This service has another name.');
  }
}

export class UnauthenticatedError extends AppError {
  constructor(message = 'Log in and send the access token as "Authorization: Bearer <token>".') {
    super('UNAUTHENTICATED', message);
  }
}

export class ForbiddenError extends AppError {
  constructor(message = 'Your role does not allow this.') {
    super('FORBIDDEN', message);
  }
}

export class UnsupportedMediaTypeError extends AppError {
  constructor() {
    super('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
  }
}

export class PayloadTooLargeError extends AppError {
  constructor(message: string) {
    super('PAYLOAD_TOO_LARGE', message);
  }
}

/** More CPU-heavy work is waiting than the service can do in reasonable time. */
export class BusyError extends AppError {
  constructor(retryAfterSeconds = 1) {
    super('BUSY', 'The service is busy; try again in a moment.', { retryAfterSeconds });
  }
}

/** The service ends what it has begun and begins nothing more. */
export class ServiceStoppingError extends AppError {
  constructor() {
    super('BUSY', 'The service is stopping; try again in a moment.', { retryAfterSeconds: 1 });
  }
}
