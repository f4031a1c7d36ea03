import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import { decodeIdCursor, pageOf } from '../../common/http/cursor.js';
import type { PagingQuery } from '../../common/http/paging.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { requireRecentAuthentication } from '../../users/require-recent-authentication.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { LoginMethods } from '../login-methods.service.js';
import { SecondFactorService } from '../mfa/second-factor.service.js';
import { SecurityNotices } from '../notices/security-notices.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { PasskeyChallengesRepository } from './challenges/passkey-challenges.repository.js';
import { toPasskeyResponse, type PasskeyPage, type PasskeyResponse } from './passkey.response.dto.js';
import type { RenamePasskeyRequest } from './passkeys.dto.js';
import { PasskeyNotFoundError } from './passkeys.errors.js';
import { PasskeysRepository } from './passkeys.repository.js';

/** The passkeys that somebody has. */
@Injectable()
export class PasskeysService {
  constructor(
    private readonly passkeys: PasskeysRepository,
    private readonly notices: SecurityNotices,
    private readonly audit: AuditService,
    private readonly loginMethods: LoginMethods,
    private readonly sessions: SessionsService,
    private readonly challenges: PasskeyChallengesRepository,
    secondFactors: SecondFactorService,
    lifecycle: UserLifecycle,
  ) {
    loginMethods.register(async (manager, userId) => (await passkeys.count(userId, manager)) > 0);
    lifecycle.on('sessionsMustEnd', (manager, userId) => challenges.dropOf(manager, userId));
    // They log in by themselves, without the password that is removed.
    lifecycle.on('accountTakenBack', async (manager, { userId, since }) => {
      await this.removeSince(manager, userId, since);
    });
    // Two factors in one: they complete no login by a password, and go with the factors that do.
    secondFactors.register({
      methodsOf: () => Promise.resolve([]),
      remove: (manager, userId) => this.removeSince(manager, userId, new Date(0)),
    });
  }

  /** Oldest first. @throws ValidationFailedError for a foreign cursor */
  async list({ userId }: Principal, { limit, cursor }: PagingQuery): Promise<PasskeyPage> {
    const found = await this.passkeys.listOf(userId, decodeIdCursor(cursor) ?? 0, limit + 1);
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => [id]);
    return { items: items.map(toPasskeyResponse), next_cursor };
  }

  /** @throws PasskeyNotFoundError */
  rename({ userId }: Principal, id: number, { name }: RenamePasskeyRequest): Promise<PasskeyResponse> {
    return this.passkeys.transaction(async (manager) => {
      const renamed = await this.passkeys.renameOwned(manager, userId, id, name);
      if (!renamed) throw new PasskeyNotFoundError();
      await this.audit.record('passkey_renamed', { subjectId: userId, details: { passkey_id: id } }, manager);
      return toPasskeyResponse(renamed);
    });
  }

  /**
   * Removes a passkey: it logs in to nothing from now on, and every other session ends, as it may have begun them.
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes
   * @throws PasskeyNotFoundError
   * @throws LastLoginMethodError when nobody could log in to the account any more
   */
  async remove(principal: Principal, id: number): Promise<void> {
    requireRecentAuthentication(principal);
    const { userId } = principal;
    await this.passkeys.transaction(async (manager) => {
      await this.passkeys.lockOwner(manager, userId);
      await this.sessions.requireAlive(manager, principal);
      if (!(await this.passkeys.removeOwned(manager, userId, id))) throw new PasskeyNotFoundError();
      const isLast = (await this.passkeys.count(userId, manager)) === 0;
      await this.loginMethods.requireAny(manager, userId);
      await this.sessions.endAll(manager, userId, 'mfa-changed', { exceptSessionId: principal.session.id });
      if (isLast) await this.sessions.forgetSecondFactor(manager, principal);
      await this.audit.record('passkey_removed', { subjectId: userId, details: { passkey_id: id } }, manager);
      await this.notices.announce({ kind: 'passkey_removed', userId }, manager);
    });
  }

  /** @returns whether there were any */
  private async removeSince(manager: EntityManager, userId: number, since: Date): Promise<boolean> {
    await this.challenges.dropOf(manager, userId);
    const removed = await this.passkeys.removeSince(manager, userId, since);
    for (const id of removed)
      await this.audit.record('passkey_removed', { subjectId: userId, details: { passkey_id: id } }, manager);
    return removed.length > 0;
  }
}
