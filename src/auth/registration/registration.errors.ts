import { AppError } from '../../common/errors/app-error.js';

/** The same whatever address was given. */
export class RegistrationClosedError extends AppError {
  constructor(message = 'Registration is closed; ask an admin for an invitation.') {
    super('REGISTRATION_CLOSED', message);
  }
}

export class EmailDomainNotAllowedError extends AppError {
  constructor() {
    super('EMAIL_DOMAIN_NOT_ALLOWED', 'Addresses of this domain cannot register here.');
  }
}

/** The same for one that is unknown, used, expired or revoked, and for one that is for another address. */
export class InvitationInvalidError extends AppError {
  constructor() {
    super('INVITATION_INVALID', 'This invitation is not valid, or not for this e-mail address.');
  }
}

export class InvitationNotFoundError extends AppError {
  constructor() {
    super('INVITATION_NOT_FOUND', 'There is no such invitation.');
  }
}

export class InvitationUsedError extends AppError {
  constructor() {
    super('INVITATION_USED', 'Somebody has registered with this invitation already.');
  }
}
