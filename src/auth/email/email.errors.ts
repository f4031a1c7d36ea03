import { AppError } from '../../common/errors/app-error.js';

export class EmailVerifiedError extends AppError {
  constructor() {
    super('EMAIL_VERIFIED', 'The e-mail address is verified already.');
  }
}
