import { AppError } from '../common/errors/app-error.js';

/** The same for an unknown account, a wrong password and a disabled account. */
export class InvalidCredentialsError extends AppError {
  constructor() {
    super('INVALID_CREDENTIALS', 'The e-mail address or username and the password do not belong together.');
  }
}

export class WeakPasswordError extends AppError {
  constructor(problem: string, suggestions: string[]) {
    super('WEAK_PASSWORD', 'This password is not strong enough; see details.', {
      details: { problem, suggestions },
    });
  }
}
