import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import type { MessageResponse } from '../../common/http/message.response.dto.js';
import type { NoticeOrigin } from '../../mail/letters/notice.js';
import { MailOutbox } from '../../mail/outbox/mail-outbox.service.js';
import type { Account } from '../../users/account.js';
import { AddressesService } from '../../users/addresses.service.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { UserExistsError } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { RequestOrigin } from '../notices/request-origin.js';
import { SecurityNotices } from '../notices/security-notices.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { RevertLinkInvalidError } from './email.errors.js';
import { EmailRevertsRepository, REVERT_DAYS, type FoundEmailRevert } from './email-reverts.repository.js';
import { RevertTokens } from './revert-tokens.service.js';

/** The way back to an address that an account has left, for whoever reads the mails there. */
@Injectable()
export class RevertEmailService {
  constructor(
    private readonly repository: EmailRevertsRepository,
    private readonly tokens: RevertTokens,
    private readonly users: UsersService,
    private readonly addresses: AddressesService,
    private readonly sessions: SessionsService,
    private readonly notices: SecurityNotices,
    private readonly origin: RequestOrigin,
    private readonly outbox: MailOutbox,
    private readonly audit: AuditService,
    private readonly lifecycle: UserLifecycle,
  ) {
    lifecycle.on('addressTaken', async (manager, { id, emailNormalized }) => {
      if (await repository.isKeptForAnother(manager, emailNormalized, id)) throw new UserExistsError();
    });
  }

  /** Mails the way back to the address that the account leaves, in the transaction of the move. */
  async offer(
    manager: EntityManager,
    { id: userId, email, emailNormalized }: Account,
    { sessionId, origin }: { sessionId: string; origin: NoticeOrigin },
  ): Promise<void> {
    const { token, hash: tokenHash } = this.tokens.draw();
    const { id, expiresAt } = await this.repository.add(manager, {
      tokenHash,
      userId,
      email,
      emailNormalized,
      sessionId,
    });
    await this.outbox.enqueue(
      {
        kind: 'emailChanged',
        to: email,
        data: { origin, token, lifetimeSeconds: REVERT_DAYS * 86_400 },
        event: `email-changed:${id}`,
        expiresAt,
      },
      manager,
    );
  }

  /**
   * Puts the address back. Whoever moved the account may know its password, hold its sessions and the mailbox that it
   * was moved to, and may have registered passkeys in any session: sessions and codes end, later ways back are void,
   * passkeys go, devices are forgotten, and a new password has to be set by a reset. Where no mails are sent nobody
   * could do that, so there the password stays, and passkeys that are older than the session that moved the account.
   * @throws RevertLinkInvalidError whatever is wrong with the token
   */
  async revert(token: string): Promise<MessageResponse> {
    const found = await this.repository.find(this.tokens.hashesOf(token));
    if (!found) throw new RevertLinkInvalidError();
    await this.addresses.changeEmail(found.userId, found.email, (manager) => this.effect(manager, found));
    const next = this.outbox.isOpen
      ? 'Set a new password by resetting it.'
      : 'Log in and change your password.';
    return { message: `The address is back and every session has ended. ${next}` };
  }

  private async effect(manager: EntityManager, found: FoundEmailRevert): Promise<void> {
    const { id, userId, email, trustedUntil } = found;
    if (!(await this.repository.use(manager, found))) throw new RevertLinkInvalidError();
    const canReset = this.outbox.isOpen;
    if (canReset) await this.users.removePassword(manager, userId);
    const since = canReset ? new Date(0) : trustedUntil;
    await this.lifecycle.accountTakenBack(manager, { userId, since });
    await this.sessions.endAll(manager, userId, 'email-reverted', { actorId: userId });
    await this.audit.record('user_email_reverted', { actorId: userId, subjectId: userId }, manager);
    await this.notices.announce({ kind: 'email_reverted', userId }, manager);
    await this.outbox.enqueue(
      {
        kind: 'emailReverted',
        to: email,
        data: { origin: await this.origin.find() },
        event: `email-reverted:${id}`,
      },
      manager,
    );
  }
}
