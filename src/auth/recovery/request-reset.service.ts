import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import type { MessageResponse } from '../../common/http/message.response.dto.js';
import { RateLimits } from '../../common/rate-limits/rate-limits.js';
import { AppConfig } from '../../config/app-config.js';
import { MailOutbox } from '../../mail/outbox/mail-outbox.service.js';
import { UsersService } from '../../users/users.service.js';
import type { ClientInfo } from '../client-info.decorator.js';
import { MailUnavailableError } from '../codes/codes.errors.js';
import { OneTimeCodesService, type CodeFor } from '../codes/one-time-codes.service.js';
import { RequestOrigin } from '../notices/request-origin.js';
import { ResetSubjects } from './reset-subjects.service.js';

/** A letter that has ended is erased by the worker and never sent. */
const ENDED = new Date(0);

/** Somebody says that they have forgotten the password of an address. */
@Injectable()
export class RequestResetService {
  constructor(
    private readonly users: UsersService,
    private readonly codes: OneTimeCodesService,
    private readonly subjects: ResetSubjects,
    private readonly origin: RequestOrigin,
    private readonly outbox: MailOutbox,
    private readonly limits: RateLimits,
    private readonly audit: AuditService,
    private readonly config: AppConfig,
  ) {}

  /**
   * Mails a code to the account's address. The same answer, the same statements and the same rows written for an
   * address that nobody has, a disabled account, and past the address's limit while a code is live, which stays so: there
   * the letter has ended before it is sent. Whoever asks has a code that is live, or is mailed one.
   * @throws RateLimitedError when the caller's network asked too often, for whatever address
   * @throws MailUnavailableError
   */
  async request(email: string, { ip }: Pick<ClientInfo, 'ip'>): Promise<MessageResponse> {
    if (!this.outbox.isOpen) throw new MailUnavailableError();
    await this.limits.enforce('reset-address', ip);
    const codeFor = await this.subjects.codeFor(email);
    const { allowed } = await this.limits.consume('reset-email', codeFor.emailNormalized);
    await this.users.transaction((manager) => this.mailCode(manager, codeFor, { email, allowed }));
    return { message: 'If an account has this address, a code is on its way there.' };
  }

  /**
   * Mails a code, in the caller's transaction. A new one voids the former.
   * @param email where the letter goes if nobody has this address: nowhere
   * @param allowed false: where a code is live it stays good, and nothing is mailed
   * @param isAfterDisowning whether the owner said that a login was not theirs, which has removed the password
   */
  async mailCode(
    manager: EntityManager,
    codeFor: CodeFor,
    { email, allowed, isAfterDisowning }: { email: string; allowed: boolean; isAfterDisowning?: true },
  ): Promise<void> {
    const lifetimeSeconds = this.config.passwordResetSeconds;
    const { id, code, account, isStored, expiresAt } = await this.codes.issueForAddress(manager, codeFor, {
      lifetimeSeconds,
      mayReplace: allowed,
    });
    const isMailed = isStored && account !== undefined;
    await this.audit.record(
      'authn_password_reset_request',
      { ...(account ? { subjectId: account.id } : {}), details: { mailed: isMailed } },
      manager,
    );
    await this.outbox.enqueue(
      {
        kind: 'passwordReset',
        // Never as it was typed: that may be another mailbox, though it is compared as the same.
        to: account?.email ?? email,
        data: { code, lifetimeSeconds, origin: await this.origin.find(), isAfterDisowning },
        event: `password-reset:${id}`,
        expiresAt: isMailed ? expiresAt : ENDED,
      },
      manager,
    );
  }
}
