import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { normalizeEmail } from '../../users/email-address.js';
import { EmailDomainNotAllowedError, RegistrationClosedError } from './registration.errors.js';

/** Who may register, as REGISTRATION and REGISTRATION_DOMAINS say. What the operator makes is not asked. */
@Injectable()
export class RegistrationPolicy {
  constructor(private readonly config: AppConfig) {}

  /** @throws RegistrationClosedError; looks at nothing that another request could have changed */
  requireOpen(hasInvitation: boolean): void {
    this.requireInvitationsToCount();
    if (this.config.registration.mode === 'invite' && !hasInvitation)
      throw new RegistrationClosedError('Registration needs an invitation; ask an admin for one.');
  }

  /** @throws RegistrationClosedError where not even an invitation lets anybody in */
  requireInvitationsToCount(): void {
    if (this.config.registration.mode === 'closed')
      throw new RegistrationClosedError('Registration is closed; only the operator makes accounts.');
  }

  /** Exactly one of the domains: a subdomain may belong to somebody else. @throws EmailDomainNotAllowedError */
  requireAllowedDomain(email: string): void {
    const { domains } = this.config.registration;
    const normalized = normalizeEmail(email);
    if (domains.length > 0 && !domains.includes(normalized.slice(normalized.lastIndexOf('@') + 1)))
      throw new EmailDomainNotAllowedError();
  }
}
