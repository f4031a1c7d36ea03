import { AppError } from '../common/errors/app-error.js';

/** The same for an unknown account, a wrong password and a disabled account. */
export class InvalidCredentialsError extends AppError {
  constructor() {
    super('INVALID_CREDENTIALS', 'The e-mail address or username and the password do not belong together.');
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
