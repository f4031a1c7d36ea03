import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import type { MessageResponse } from '../../common/http/message.response.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { RateLimits } from '../../common/rate-limits/rate-limits.js';
import { MailOutbox } from '../../mail/outbox/mail-outbox.service.js';
import type { Account } from '../../users/account.js';
import { normalizeEmail } from '../../users/email-address.js';
import type { UserResponse } from '../../users/user.response.dto.js';
import { UsersService } from '../../users/users.service.js';
import { MailedCodeInvalidError, MailUnavailableError } from '../codes/codes.errors.js';
import { CODE_LIFETIME_SECONDS, OneTimeCodesService, codeOf } from '../codes/one-time-codes.service.js';
import { ChangeEmailService } from './change-email.service.js';
import { EmailVerifiedError } from './email.errors.js';

/** An address is its owner's once a code that was mailed there came back. */
@Injectable()
export class VerifyEmailService {
  constructor(
    private readonly users: UsersService,
    private readonly codes: OneTimeCodesService,
    private readonly changes: ChangeEmailService,
    private readonly outbox: MailOutbox,
    private readonly limits: RateLimits,
    private readonly audit: AuditService,
  ) {}

  /** Mails a code, in the transaction that makes the account or voids the former code. Where there are no mails, none. */
  async send(
    manager: EntityManager,
    account: Pick<Account, 'id' | 'email' | 'emailNormalized'>,
  ): Promise<void> {
    if (!this.outbox.isOpen) return;
    const { id, code, expiresAt } = await this.codes.issue(manager, 'verify_email', account);
    await this.users.markVerificationSent(manager, account.id);
    await this.outbox.enqueue(
      {
        kind: 'verifyEmail',
        to: account.email,
        data: { code, lifetimeSeconds: CODE_LIFETIME_SECONDS },
        event: `verify-email:${id}`,
        expiresAt,
      },
      manager,
    );
  }

  /** @throws MailedCodeInvalidError whatever is wrong with it, also when the address is verified already */
  async verify({ userId, email }: Principal, code: string): Promise<UserResponse> {
    const account = { id: userId, emailNormalized: normalizeEmail(email) };
    const { userId: tried, proven } = await this.codes.try(codeOf('verify_email', account), code);
    if (!proven) {
      if (tried !== undefined)
        await this.audit.record('user_email_verify_fail', {
          subjectId: userId,
          details: { purpose: 'verify' },
        });
      throw new MailedCodeInvalidError();
    }
    await this.users.transaction(async (manager) => {
      if (!(await this.users.markVerified(manager, userId, account.emailNormalized)))
        throw new MailedCodeInvalidError();
      await this.codes.use(manager, proven);
      await this.audit.record('user_email_verified', { subjectId: userId }, manager);
      await this.outbox.enqueue(
        { kind: 'welcome', to: email, data: {}, event: `welcome:${userId}` },
        manager,
      );
    });
    return this.users.present(userId);
  }

  /**
   * Mails another code: to where the account is to move, if it is, else to its own address.
   * @throws EmailVerifiedError when there is nothing to prove
   * @throws MailUnavailableError
   * @throws RateLimitedError
   */
  async resend({ userId, emailVerified, pendingEmail }: Principal): Promise<MessageResponse> {
    if (!this.outbox.isOpen) throw new MailUnavailableError();
    if (emailVerified && pendingEmail === null) throw new EmailVerifiedError();
    // Their own address nobody else can have mailed to, and is not to keep them from verifying it.
    if (pendingEmail === null) await this.limits.enforce('codes-user', userId);
    else await this.limits.enforceAll(['codes-user', userId], ['codes-email', normalizeEmail(pendingEmail)]);
    await this.users.transaction(async (manager) => {
      const account = await this.users.lockAccount(manager, userId);
      if (account.pendingEmail !== null)
        await this.changes.send(manager, { id: userId, email: account.pendingEmail });
      else if (!account.isVerified) await this.send(manager, account);
      else throw new EmailVerifiedError();
    });
    return { message: 'Another code is on its way.' };
  }
}
