import { AppError } from '../../common/errors/app-error.js';

export class EmailVerifiedError extends AppError {
  constructor() {
    super('EMAIL_VERIFIED', 'The e-mail address is verified already.');
  }
}

/** The same for a link that was used, has ended, or never was one. */
export class RevertLinkInvalidError extends AppError {
  constructor() {
    super(
      'CODE_INVALID',
      'This link is not valid, or not any more: it works once, for seven days. If you have lost the account, ask an admin of the service.',
    );
  }
}
