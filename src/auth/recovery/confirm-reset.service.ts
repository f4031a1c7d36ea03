import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import type { MessageResponse } from '../../common/http/message.response.dto.js';
import { ClientNetworks } from '../../common/rate-limits/client-networks.js';
import { RateLimits } from '../../common/rate-limits/rate-limits.js';
import { AppConfig } from '../../config/app-config.js';
import type { Account } from '../../users/account.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { UsersService } from '../../users/users.service.js';
import type { ClientInfo } from '../client-info.decorator.js';
import { MailedCodeInvalidError } from '../codes/codes.errors.js';
import { OneTimeCodesService, type ProvenCode } from '../codes/one-time-codes.service.js';
import { KnownDevicesService } from '../lockouts/known-devices.service.js';
import { LockoutKeysService } from '../lockouts/lockout-keys.js';
import { UnlockService } from '../lockouts/unlock.service.js';
import { ResetMfaService } from '../mfa/reset-mfa.service.js';
import { NotMeLinks } from '../notices/not-me/not-me-links.service.js';
import { SecurityNotices } from '../notices/security-notices.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { ConfirmResetRequest } from './password-reset.dto.js';
import { ResetSubjects } from './reset-subjects.service.js';

/** Somebody has the code that was mailed, and sets a new password. */
@Injectable()
export class ConfirmResetService {
  private readonly networks: ClientNetworks;

  constructor(
    private readonly users: UsersService,
    private readonly codes: OneTimeCodesService,
    private readonly subjects: ResetSubjects,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly lockoutKeys: LockoutKeysService,
    private readonly unlocks: UnlockService,
    private readonly devices: KnownDevicesService,
    private readonly notMeLinks: NotMeLinks,
    private readonly notices: SecurityNotices,
    private readonly lifecycle: UserLifecycle,
    private readonly mfaResets: ResetMfaService,
    private readonly limits: RateLimits,
    private readonly audit: AuditService,
    config: AppConfig,
  ) {
    this.networks = new ClientNetworks(config.trustedClientNetworks);
  }

  /**
   * Sets the password; ends every session and every code of the account and clears its locks. Second
   * factors and passkeys stay, unless the address was to be verified and nobody ever did; an admin's always do. Devices
   * are forgotten of whose logins the owner was told and may still say that they were not theirs. Until the code has
   * been right, nothing that is done depends on whether there is an account.
   * @throws WeakPasswordError without taking a try
   * @throws MailedCodeInvalidError whatever is wrong with it
   * @throws RateLimitedError
   * @throws BusyError
   */
  async confirm(
    { email, code, new_password: password }: ConfirmResetRequest,
    { ip }: Pick<ClientInfo, 'ip'>,
  ): Promise<MessageResponse> {
    await this.hasher.refuseWhenBusy();
    await this.limits.enforce('estimates-address', ip);
    await this.policy.check(password, { name: '', email });
    const proven = await this.prove(email, code, this.networks.networkOf(ip).key);
    const { user, passwordHash } = await this.accept(proven, password);
    await this.lockoutKeys.get();
    await this.users.transaction(async (manager) => {
      // The account before its codes, as everywhere.
      if (!(await this.users.recoverPassword(manager, user, passwordHash)))
        throw new MailedCodeInvalidError();
      await this.codes.use(manager, proven);
      await this.lifecycle.codesMustEnd(manager, user.id);
      await this.sessions.endAll(manager, user.id, 'password-reset', { actorId: user.id });
      await this.unlocks.clearLocks(user.id, manager);
      await this.forgetNewDevices(manager, user.id);
      const factorsRemoved = user.isUnproven && (await this.cleanOut(manager, user.id));
      await this.audit.record('authn_password_reset', { actorId: user.id, subjectId: user.id }, manager);
      await this.notices.announce({ kind: 'password_reset', userId: user.id, factorsRemoved }, manager);
    });
    return { message: 'The password is set; every session has ended. Log in with it.' };
  }

  /**
   * Whoever registered the account never showed that the address is theirs, and whoever reads its mails has: what the
   * former set up to get in, or to keep others out, goes.
   * @returns whether there were second factors or passkeys
   */
  private async cleanOut(manager: EntityManager, userId: number): Promise<boolean> {
    const hadAny = await this.mfaResets.removeAll(manager, userId, 'owner');
    await this.lifecycle.accountTakenBack(manager, { userId, since: new Date(0) });
    return hadAny;
  }

  private async forgetNewDevices(manager: EntityManager, userId: number): Promise<void> {
    const since = await this.notMeLinks.firstLogin(manager, userId);
    if (since) await this.devices.forgetSince(manager, userId, since);
  }

  private async prove(
    email: string,
    code: string,
    network: string,
  ): Promise<ProvenCode & { userId: number }> {
    const { userId, proven } = await this.codes.try(await this.subjects.codeFor(email), code, network);
    if (proven?.userId != null) return { ...proven, userId: proven.userId };
    // Tries are few, so that nobody can fill the log with them.
    if (userId !== undefined)
      await this.audit.record('authn_password_reset_fail', userId === null ? {} : { subjectId: userId });
    throw new MailedCodeInvalidError();
  }

  /**
   * Only who has the right code learns whether the password is made of the owner's names, and has it hashed. Whatever is
   * wrong with it, or keeps the service busy, takes no try.
   */
  private async accept(
    proven: ProvenCode & { userId: number },
    password: string,
  ): Promise<{ user: Account; passwordHash: string }> {
    const user = await this.users.findActive(proven.userId);
    if (!user) throw new MailedCodeInvalidError();
    try {
      await this.policy.check(password, user);
      return { user, passwordHash: await this.hasher.hash(password) };
    } catch (error) {
      await this.codes.giveTryBack(proven);
      throw error;
    }
  }
}
