import { AppError } from '../../../common/errors/app-error.js';

/** The same for a link that was used, has ended, or never was one. */
export class LinkInvalidError extends AppError {
  constructor() {
    super('CODE_INVALID', 'This link is not valid, or not any more.');
  }
}
