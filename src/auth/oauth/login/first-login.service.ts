import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { RateLimits } from '../../../common/rate-limits/rate-limits.js';
import { MailOutbox } from '../../../mail/outbox/mail-outbox.service.js';
import { normalizeEmail } from '../../../users/email-address.js';
import { UserExistsError } from '../../../users/users.errors.js';
import { UsersService } from '../../../users/users.service.js';
import type { ClientInfo } from '../../client-info.decorator.js';
import { VerifyEmailService } from '../../email/verify-email.service.js';
import {
  EmailDomainNotAllowedError,
  RegistrationClosedError,
} from '../../registration/registration.errors.js';
import { RegistrationService } from '../../registration/registration.service.js';
import type { TakenCode } from '../codes/oauth-codes.repository.js';
import { OAuthCodesService } from '../codes/oauth-codes.service.js';
import { IdentitiesRepository } from '../identities/identities.repository.js';
import { IdentitiesService } from '../identities/identities.service.js';
import { IdentityNotLinkedError, OAuthEmailMissingError } from '../oauth.errors.js';

/** Of two first logins of one identity at once the second finds the account of the first. */
class IdentityMadeMeanwhileError extends Error {}

/** What becomes of somebody whom a provider vouches for and whom nobody here is yet. */
@Injectable()
export class FirstLoginService {
  constructor(
    private readonly registration: RegistrationService,
    private readonly users: UsersService,
    private readonly identities: IdentitiesRepository,
    private readonly links: IdentitiesService,
    private readonly codes: OAuthCodesService,
    private readonly verification: VerifyEmailService,
    private readonly outbox: MailOutbox,
    private readonly limits: RateLimits,
  ) {}

  /**
   * Makes an account with this identity and without a password. An account that has the address already is never linked:
   * neither its owner nor the provider has said that the two are one person.
   * @throws IdentityNotLinkedError with what links them once its owner has logged in
   * @throws OAuthEmailMissingError
   * @throws RegistrationClosedError
   * @throws EmailDomainNotAllowedError
   * @throws InvitationInvalidError
   * @throws RateLimitedError
   */
  async admit(
    proven: TakenCode,
    invitation: string | undefined,
    { ip }: Pick<ClientInfo, 'ip'>,
  ): Promise<{ id: number; userId: number }> {
    const { email } = proven;
    if (email === null) throw new OAuthEmailMissingError();
    const counted = await this.limits.enforce('signup-address', ip);
    try {
      await this.make({ ...proven, email }, invitation);
    } catch (error) {
      // Also the address may be taken by a first login of this very identity, at the same time.
      if (error instanceof UserExistsError && !(await this.identities.findOwner(proven)))
        throw (await this.offerLink(proven, email)) ?? error;
      await this.limits.giveBack(counted);
      // Whoever has proven the address may know of its account, where nobody else is told.
      if (proven.isEmailVerified && isClosed(error)) {
        const notLinked = await this.offerLink(proven, email);
        if (notLinked) throw notLinked;
      }
      if (!(error instanceof IdentityMadeMeanwhileError || error instanceof UserExistsError)) throw error;
    }
    const owner = await this.identities.findOwner(proven);
    if (!owner) throw new Error('The identity of a first login is gone.');
    return owner;
  }

  private async make(proven: TakenCode & { email: string }, invitation: string | undefined): Promise<void> {
    const { email, isEmailVerified, name } = proven;
    const grant = await this.registration.admit(email, invitation);
    await this.users.create(
      {
        name: name ?? email.slice(0, email.lastIndexOf('@')).slice(0, 100),
        email,
        isVerified: isEmailVerified,
        passwordHash: null,
        role: grant?.role,
      },
      async (manager, userId) => {
        if (!(await this.links.add(manager, userId, proven))) throw new IdentityMadeMeanwhileError();
        await grant?.confirm(manager, userId);
        await this.greet(manager, { id: userId, email }, isEmailVerified);
      },
    );
  }

  private async greet(
    manager: EntityManager,
    { id, email }: { id: number; email: string },
    isVerified: boolean,
  ): Promise<void> {
    if (isVerified)
      await this.outbox.enqueue({ kind: 'welcome', to: email, data: {}, event: `welcome:${id}` }, manager);
    else await this.verification.send(manager, { id, email, emailNormalized: normalizeEmail(email) });
  }

  /** @returns undefined where nobody has the address */
  private async offerLink(proven: TakenCode, email: string): Promise<Error | undefined> {
    const account = await this.users.findByEmail(email);
    if (!account) return undefined;
    const { code, lifetimeSeconds } = await this.codes.issueLinkCode(
      proven,
      account.id,
      proven.codeChallenge,
    );
    return new IdentityNotLinkedError(code, lifetimeSeconds);
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof RegistrationClosedError || error instanceof EmailDomainNotAllowedError;
}
