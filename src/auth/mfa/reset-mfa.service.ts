import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import type { Principal } from '../../common/http/principal.js';
import { requireRecentAuthentication } from '../../users/require-recent-authentication.js';
import { UserNotFoundError } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { SecurityNotices } from '../notices/security-notices.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { OwnMfaResetError } from './mfa.errors.js';
import { MfaTokensService } from './pending/mfa-tokens.service.js';
import { SecondFactorService } from './second-factor.service.js';

/** For somebody who has lost their second factor. The password stays what it is, and nobody learns it. */
@Injectable()
export class ResetMfaService {
  constructor(
    private readonly users: UsersService,
    private readonly secondFactors: SecondFactorService,
    private readonly tokens: MfaTokensService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly notices: SecurityNotices,
  ) {}

  /**
   * Takes every second factor from somebody's account, and ends their sessions and waiting logins.
   * @throws ReauthenticationRequiredError when the admin's login is older than 15 minutes
   * @throws OwnMfaResetError
   * @throws UserNotFoundError
   */
  async reset(admin: Principal, userId: number): Promise<void> {
    requireRecentAuthentication(admin);
    if (userId === admin.userId) throw new OwnMfaResetError();
    await this.users.transaction(async (manager) => {
      if (!(await this.users.lock(manager, userId))) throw new UserNotFoundError();
      await this.removeAll(manager, userId);
      await this.sessions.endAll(manager, userId, 'mfa-reset');
    });
  }

  /**
   * The same of the factors alone, for who ends the sessions for other reasons.
   * @param manager of a transaction that has locked the account
   */
  async removeAll(manager: EntityManager, userId: number): Promise<void> {
    const hadAny = await this.secondFactors.removeAll(manager, userId);
    await this.tokens.removeAll(manager, userId);
    // What an admin does stands in the log, also where there was nothing to take.
    await this.audit.record('authn_mfa_reset', { subjectId: userId, details: { had_any: hadAny } }, manager);
    if (hadAny) await this.notices.announce({ kind: 'mfa_changed', userId, change: 'reset' }, manager);
  }
}
