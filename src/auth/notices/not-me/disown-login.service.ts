import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../../audit/audit.service.js';
import type { MessageResponse } from '../../../common/http/message.response.dto.js';
import { MailOutbox } from '../../../mail/outbox/mail-outbox.service.js';
import { UserLifecycle } from '../../../users/user-lifecycle.js';
import { UsersService } from '../../../users/users.service.js';
import { KnownDevicesService } from '../../lockouts/known-devices.service.js';
import { RequestResetService } from '../../recovery/request-reset.service.js';
import { ResetSubjects } from '../../recovery/reset-subjects.service.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { SecurityNotices } from '../security-notices.js';
import { LinkInvalidError } from './not-me.errors.js';
import type { FoundNotMeLink } from './not-me-links.repository.js';
import { NotMeLinks } from './not-me-links.service.js';

/** Whoever reads the mails of an account says that a login was not theirs. */
@Injectable()
export class DisownLoginService {
  constructor(
    private readonly links: NotMeLinks,
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly devices: KnownDevicesService,
    private readonly lifecycle: UserLifecycle,
    private readonly notices: SecurityNotices,
    private readonly resets: RequestResetService,
    private readonly resetSubjects: ResetSubjects,
    private readonly outbox: MailOutbox,
    private readonly audit: AuditService,
  ) {}

  /**
   * Ends every session and code, forgets the devices and removes the passkeys that came since the first login that may
   * not have been the owner's, removes the password, which somebody else knows, and mails the code to set another one.
   * @throws LinkInvalidError whatever is wrong with the link
   */
  async disown(token: string): Promise<MessageResponse> {
    const link = await this.links.find(token);
    const owner = link && (await this.users.findActive(link.userId));
    if (!link || !owner) throw new LinkInvalidError();
    const codeFor = await this.resetSubjects.codeFor(owner.email);
    await this.users.transaction(async (manager) => {
      await this.takeBack(manager, link);
      if (this.outbox.isOpen)
        await this.resets.mailCode(manager, codeFor, {
          email: owner.email,
          allowed: true,
          isAfterDisowning: true,
        });
    });
    const next = this.outbox.isOpen
      ? 'Set a new password with the code that was mailed.'
      : 'Log in and change your password.';
    return { message: `Every session has ended. ${next}` };
  }

  private async takeBack(manager: EntityManager, link: FoundNotMeLink): Promise<void> {
    const { userId, sessionId, deviceId } = link;
    // The account before what hangs on it, as everywhere.
    const since = (await this.users.lock(manager, userId)) ? await this.links.use(manager, link) : undefined;
    if (!since) throw new LinkInvalidError();
    // Where no mail is sent any more nobody could set another one.
    if (this.outbox.isOpen) await this.users.removePassword(manager, userId);
    await this.lifecycle.codesMustEnd(manager, userId);
    await this.sessions.endAll(manager, userId, 'disowned', { actorId: userId });
    await this.devices.forget(manager, userId, deviceId);
    await this.audit.record(
      'authn_login_disowned',
      { actorId: userId, subjectId: userId, sessionId },
      manager,
    );
    await this.lifecycle.accountTakenBack(manager, { userId, since });
    await this.notices.announce({ kind: 'login_disowned', userId }, manager);
  }
}
