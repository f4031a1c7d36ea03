import { AppError } from '../../common/errors/app-error.js';

/** The same for one that is wrong, used, expired, out of tries, for something else, or never was one. */
export class MailedCodeInvalidError extends AppError {
  constructor() {
    super('CODE_INVALID', 'This code is not valid, or not any more; ask for another one.');
  }
}

/** The same whoever asks. */
export class MailUnavailableError extends AppError {
  constructor() {
    super('MAIL_UNAVAILABLE', 'This service sends no mail; ask whoever runs it.');
  }
}
