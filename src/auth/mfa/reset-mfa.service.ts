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

/** For somebody who has lost their second factor, or whose factor is somebody else's. The password stays what it is, and nobody learns it. */
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
   * Takes every second factor and passkey from somebody's account, and ends their sessions and waiting logins.
   * Whoever has lost the device is helped, and whoever stole it is out.
   * @throws ReauthenticationRequiredError when the admin's login is older than 15 minutes
   * @throws OwnMfaResetError
   * @throws UserNotFoundError
   */
  async reset(admin: Principal, userId: number): Promise<void> {
    requireRecentAuthentication(admin);
    if (userId === admin.userId) throw new OwnMfaResetError();
    await this.users.transaction(async (manager) => {
      if (!(await this.users.lock(manager, userId))) throw new UserNotFoundError();
      await this.removeAll(manager, userId, 'admin');
      await this.sessions.endAll(manager, userId, 'mfa-reset');
    });
  }

  /**
   * The same of the factors alone, for who ends the sessions for other reasons.
   * @param manager of a transaction that has locked the account
   * @param by an admin, whose doing is told to the owner; the operator or the owner themself: those the caller tells. What
   * admins and operators do stands in the log also where there was nothing to take
   * @returns whether there was any
   */
  async removeAll(
    manager: EntityManager,
    userId: number,
    by: 'admin' | 'operator' | 'owner',
  ): Promise<boolean> {
    const hadAny = await this.secondFactors.removeAll(manager, userId);
    await this.tokens.removeAll(manager, userId);
    if (hadAny || by !== 'owner')
      await this.audit.record(
        'authn_mfa_reset',
        {
          subjectId: userId,
          ...(by === 'owner' && { actorId: userId }),
          details: { had_any: hadAny },
        },
        manager,
      );
    if (hadAny && by === 'admin')
      await this.notices.announce({ kind: 'mfa_changed', userId, change: 'reset' }, manager);
    return hadAny;
  }
}
