import { AppError } from '../../../common/errors/app-error.js';

/** The same for a link that was used, has ended, was mailed to another address than the account's, or never was one. */
export class LinkInvalidError extends AppError {
  constructor() {
    super(
      'CODE_INVALID',
      'This link is not valid, or not any more. If the address of the account was changed, take the address back first, with the mail about that.',
    );
  }
}
