import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import type { Principal } from '../../common/http/principal.js';
import { MailOutbox } from '../../mail/outbox/mail-outbox.service.js';
import type { Account } from '../../users/account.js';
import { AddressesService } from '../../users/addresses.service.js';
import { normalizeEmail } from '../../users/email-address.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import type { UserResponse } from '../../users/user.response.dto.js';
import { UsersService } from '../../users/users.service.js';
import { MailedCodeInvalidError } from '../codes/codes.errors.js';
import {
  CODE_LIFETIME_SECONDS,
  OneTimeCodesService,
  codeOf,
  type ProvenCode,
} from '../codes/one-time-codes.service.js';
import { RequestOrigin } from '../notices/request-origin.js';
import { SecurityNotices } from '../notices/security-notices.js';
import { RegistrationPolicy } from '../registration/registration-policy.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { RevertEmailService } from './revert-email.service.js';

/** An account moves to an address that its owner proves. Asking for it is UsersService.updateProfile. */
@Injectable()
export class ChangeEmailService {
  constructor(
    private readonly users: UsersService,
    private readonly addresses: AddressesService,
    private readonly codes: OneTimeCodesService,
    private readonly reverts: RevertEmailService,
    private readonly sessions: SessionsService,
    private readonly notices: SecurityNotices,
    private readonly outbox: MailOutbox,
    private readonly audit: AuditService,
    private readonly origin: RequestOrigin,
    policy: RegistrationPolicy,
    lifecycle: UserLifecycle,
  ) {
    lifecycle.on('emailToConfirm', async (manager, account) => {
      policy.requireAllowedDomain(account.email);
      await this.send(manager, account);
    });
  }

  /** Mails a code to the address that the account is to move to. */
  async send(manager: EntityManager, account: { id: number; email: string }): Promise<void> {
    const { id, code, expiresAt } = await this.codes.issue(manager, 'change_email', {
      id: account.id,
      emailNormalized: normalizeEmail(account.email),
    });
    await this.outbox.enqueue(
      {
        kind: 'changeEmail',
        to: account.email,
        data: { code, lifetimeSeconds: CODE_LIFETIME_SECONDS },
        event: `change-email:${id}`,
        expiresAt,
      },
      manager,
    );
  }

  /**
   * Moves the account. The address that it leaves is told, with a way back if it was ever proven.
   * @throws MailedCodeInvalidError whatever is wrong with it
   * @throws UserExistsError when another account has the address: whoever has the code may know
   */
  async confirm(principal: Principal, code: string): Promise<UserResponse> {
    const { userId, pendingEmail } = principal;
    const emailNormalized = normalizeEmail(pendingEmail ?? '@');
    const { userId: tried, proven } = await this.codes.try(
      codeOf('change_email', { id: userId, emailNormalized }),
      code,
    );
    if (!proven || pendingEmail === null) {
      if (tried !== undefined)
        await this.audit.record('user_email_verify_fail', {
          subjectId: userId,
          details: { purpose: 'change' },
        });
      throw new MailedCodeInvalidError();
    }
    await this.addresses.changeEmail(userId, pendingEmail, (manager, before) =>
      this.effect(manager, before, proven, principal),
    );
    return this.users.present(userId);
  }

  private async effect(
    manager: EntityManager,
    before: Account,
    proven: ProvenCode,
    principal: Principal,
  ): Promise<void> {
    await this.sessions.requireAlive(manager, principal);
    await this.codes.use(manager, proven);
    await this.tellFormerAddress(manager, before, principal.session.id);
    await this.notices.announce({ kind: 'email_changed', userId: before.id }, manager);
  }

  /** A way back only for who has shown that the address is theirs: a mistyped one is a stranger's. */
  private async tellFormerAddress(manager: EntityManager, before: Account, sessionId: string): Promise<void> {
    const { email, emailNormalized: address, isVerified } = before;
    const origin = await this.origin.find();
    if (isVerified) await this.reverts.offer(manager, before, { sessionId, origin });
    else
      await this.outbox.enqueueWithin(
        { kind: 'emailChanged', to: email, data: { origin } },
        { about: `email-changed:${origin.at.slice(0, 10)}`, address, atMost: 1 },
        manager,
      );
  }
}
