import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import type { Principal } from '../common/http/principal.js';
import { RateLimits } from '../common/rate-limits/rate-limits.js';
import { isUniqueViolation } from '../database/constraint-violation.js';
import { MailOutbox } from '../mail/outbox/mail-outbox.service.js';
import { toAccount, type Account } from './account.js';
import { normalizeEmail } from './email-address.js';
import { requireRecentAuthentication } from './require-recent-authentication.js';
import { UserLifecycle } from './user-lifecycle.js';
import { EmailChangeUnavailableError, UserExistsError } from './users.errors.js';
import { UsersRepository } from './users.repository.js';
import { VoterKeysService } from './voter-keys.service.js';

/** Which account has which address, and how that changes. */
@Injectable()
export class AddressesService {
  constructor(
    private readonly users: UsersRepository,
    private readonly voterKeys: VoterKeysService,
    private readonly lifecycle: UserLifecycle,
    private readonly outbox: MailOutbox,
    private readonly limits: RateLimits,
    private readonly audit: AuditService,
  ) {}

  /**
   * Whether this person may ask for another address now; counted, as a mail goes there.
   * @throws EmailChangeUnavailableError where no mails are sent
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes
   * @throws RateLimitedError
   */
  async admitChange(principal: Principal, email: string): Promise<void> {
    if (!this.outbox.isOpen) throw new EmailChangeUnavailableError();
    requireRecentAuthentication(principal);
    if (normalizeEmail(email) === normalizeEmail(principal.email)) return;
    await this.limits.enforceAll(['codes-user', principal.userId], ['codes-email', normalizeEmail(email)]);
  }

  /**
   * Notes where an account is to move, and has a code mailed there. Its own address takes back what was to come.
   * Whether the other one is taken is not looked at: only who has the code may know.
   */
  async requestChange(manager: EntityManager, userId: number, email: string): Promise<void> {
    const user = await this.users.lockById(manager, userId);
    if (!user) return;
    const isOwn = normalizeEmail(email) === user.emailNormalized;
    await this.users.setPendingEmail(manager, userId, isOwn ? null : email);
    if (isOwn) return;
    await this.lifecycle.emailToConfirm(manager, { id: userId, email });
    await this.audit.record('user_email_change_request', { subjectId: userId }, manager);
  }

  /**
   * Moves an account to an address that its owner has proven. Codes that were mailed before are void.
   * @param confirm what else belongs to the move, in the same transaction, once the account is locked and before its
   * codes end; it is given the account as it was, and throws where the move must not be
   * @throws UserExistsError when the address is taken
   */
  async changeEmail(
    userId: number,
    email: string,
    confirm?: (manager: EntityManager, before: Account) => Promise<void>,
  ): Promise<void> {
    const emailNormalized = normalizeEmail(email);
    const emailHmac = await this.voterKeys.hashOf(emailNormalized);
    let replaced: number | undefined;
    try {
      await this.users.transaction(async (manager) => {
        await this.users.lockMoves(manager);
        const user = await this.users.lockById(manager, userId);
        if (!user) return;
        await confirm?.(manager, toAccount(user));
        // The address's voter key before the address itself, as in create(): the other way round two could wait for
        // each other.
        const voterKey = await this.voterKeys.forMovedAccount(manager, user.voterKey, emailHmac);
        await this.users.updateVoterKey(manager, userId, voterKey);
        replaced = await this.removeUnused(manager, emailNormalized, userId);
        await this.users.updateEmail(manager, userId, email, emailNormalized);
        await this.lifecycle.addressTaken(manager, { id: userId, emailNormalized });
        await this.lifecycle.codesMustEnd(manager, userId);
        await this.audit.record('user_updated', { subjectId: userId, details: { fields: 'email' } }, manager);
      });
    } catch (error) {
      throw isUniqueViolation(error) ? new UserExistsError() : error;
    }
    if (replaced !== undefined) await this.lifecycle.accountGone(replaced);
  }

  /**
   * Deletes the account of an address that was asked to prove it a day ago and never did, if nobody uses it: whoever
   * cannot read the mails of an address shall not keep others from it.
   * @param exceptId an account that stays, whatever it is
   * @returns its id, when there was one. `lifecycle.accountGone` is to be called after the commit.
   */
  async removeUnused(
    manager: EntityManager,
    emailNormalized: string,
    exceptId?: number,
  ): Promise<number | undefined> {
    if (!this.outbox.isOpen) return undefined;
    // Locked first: what belongs to an account refers to its row, so nothing can be added any more.
    const account = await this.users.lockNeverVerified(manager, emailNormalized);
    if (!account || account.id === exceptId) return undefined;
    if (await this.lifecycle.isInUse(manager, account)) return undefined;
    await this.lifecycle.accountDeleted(manager, account.id);
    await this.users.delete(manager, account.id);
    await this.audit.record(
      'user_deleted',
      { subjectId: account.id, details: { reason: 'never_verified' } },
      manager,
    );
    return account.id;
  }
}
