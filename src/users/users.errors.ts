import { AppError } from '../common/errors/app-error.js';

/** Does not say which of the two is taken. */
export class UserExistsError extends AppError {
  constructor() {
    super('USER_EXISTS', 'An account with this e-mail address or username exists already.');
  }
}

export class UserNotFoundError extends AppError {
  constructor() {
    super('USER_NOT_FOUND', 'There is no such user.');
  }
}

export class LastAdminError extends AppError {
  constructor() {
    super('LAST_ADMIN', 'This is the last active admin; make another one first.');
  }
}

export class EmailChangeUnavailableError extends AppError {
  constructor() {
    super('EMAIL_CHANGE_UNAVAILABLE', 'The e-mail address cannot be changed: this service sends no mail.');
  }
}

export class ExportRunningError extends AppError {
  constructor() {
    super('EXPORT_RUNNING', 'An export of this account is running; wait until it has ended.');
  }
}

export class ReauthenticationRequiredError extends AppError {
  constructor() {
    super(
      'REAUTHENTICATION_REQUIRED',
      'Prove who you are first (POST /auth/step-up), or log in again: this needs either within the last 15 minutes.',
    );
  }
}
