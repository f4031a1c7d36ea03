import { AppError } from '../common/errors/app-error.js';

/** The same for an unknown account, a wrong password and a disabled account. */
export class InvalidCredentialsError extends AppError {
  constructor() {
    super('INVALID_CREDENTIALS', 'The e-mail address or username and the password do not belong together.');
  }
}

/** The same whatever is wrong with a refresh token: unknown, used, expired, its session ended. */
export class RefreshRefusedError extends AppError {
  constructor() {
    super('UNAUTHENTICATED', 'The refresh token is not valid or its session has ended; log in again.');
  }
}

/** Also for a session of somebody else, and for one that has ended. */
export class SessionNotFoundError extends AppError {
  constructor() {
    super('SESSION_NOT_FOUND', 'There is no such session.');
  }
}

/** For somebody who is logged in already, and proves the password once more. */
export class WrongCurrentPasswordError extends AppError {
  constructor() {
    super('INVALID_CREDENTIALS', 'The current password is wrong.');
  }
}

export class WeakPasswordError extends AppError {
  constructor(problem: string, suggestions: string[]) {
    super('WEAK_PASSWORD', 'This password is not strong enough; see details.', {
      details: { problem, suggestions },
    });
  }
}

/** For the operator, who may know; nobody else may make an admin. */
export class AccountToRaiseError extends AppError {
  constructor() {
    super(
      'USER_EXISTS',
      'An account with this e-mail address exists already: add --existing to make it an admin with a new password.',
    );
  }
}

export class LastLoginMethodError extends AppError {
  constructor() {
    super(
      'LAST_LOGIN_METHOD',
      'This is the last way to log in to this account; set a password, add a passkey or link a provider first.',
    );
  }
}
