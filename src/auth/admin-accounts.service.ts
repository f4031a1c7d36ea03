import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { AppConfig } from '../config/app-config.js';
import { drawRandom } from '../crypto/draw-random.js';
import { UserLifecycle } from '../users/user-lifecycle.js';
import { UserExistsError, UserNotFoundError } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import { AccountToRaiseError } from './auth.errors.js';
import { UnlockService } from './lockouts/unlock.service.js';
import { ResetMfaService } from './mfa/reset-mfa.service.js';
import { SecurityNotices } from './notices/security-notices.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { SessionsService } from './sessions/sessions.service.js';

export interface AdminAccount {
  email: string;
  /** Set when the service drew it: to be shown once. */
  generatedPassword: string | undefined;
}

/** Admin accounts as the operator makes them: the first one, and those of the command line. */
@Injectable()
export class AdminAccountsService {
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly sessions: SessionsService,
    private readonly unlocks: UnlockService,
    private readonly lifecycle: UserLifecycle,
    private readonly mfaResets: ResetMfaService,
    private readonly notices: SecurityNotices,
    private readonly config: AppConfig,
    private readonly audit: AuditService,
  ) {}

  /**
   * Makes the first admin, never by raising an account that somebody registered under ADMIN_EMAIL.
   * @returns undefined when there is an admin already, or another process is making one.
   */
  async createFirst(): Promise<AdminAccount | undefined> {
    if (await this.users.hasAdmin()) return undefined;
    const { email, password } = this.config.admin;
    try {
      return await this.createAccount(email, password);
    } catch (error) {
      if (error instanceof UserExistsError) return undefined;
      throw error;
    }
  }

  /**
   * Makes an admin with a new account; a password that is not given is drawn.
   * @throws AccountToRaiseError when somebody has registered this address: whoever that was knows a password of it
   * @throws WeakPasswordError
   */
  async create(email: string, password?: string): Promise<AdminAccount> {
    try {
      return await this.createAccount(email, password);
    } catch (error) {
      throw error instanceof UserExistsError ? new AccountToRaiseError() : error;
    }
  }

  /**
   * Makes an account that exists an admin, with a new password. Its sessions end, and its second factors and
   * passkeys are taken away: whoever registered it may have set them up. That the address is theirs the operator says.
   * @throws UserNotFoundError
   * @throws WeakPasswordError
   */
  async raise(email: string, password?: string): Promise<AdminAccount> {
    const account = await this.users.findByEmail(email);
    if (!account) throw new UserNotFoundError();
    return this.handOver(account, password, { takeMfa: true });
  }

  /**
   * Gives an admin a new password, activates and unlocks the account and ends its sessions.
   * @param takeMfa whether its second factors and passkeys go too
   * @throws UserNotFoundError
   * @throws WeakPasswordError
   */
  async reset(email: string, password?: string, takeMfa = false): Promise<AdminAccount> {
    const admin = await this.users.findByEmail(email);
    if (admin?.role !== 'admin') throw new UserNotFoundError();
    return this.handOver(admin, password, { takeMfa });
  }

  /** From now on the account is an admin's, who alone knows its password. */
  private async handOver(
    account: { id: number; email: string },
    password: string | undefined,
    { takeMfa }: { takeMfa: boolean },
  ): Promise<AdminAccount> {
    const chosen = await this.choosePassword(account.email, password);
    const passwordHash = await this.hasher.hash(chosen);
    await this.users.transaction(async (manager) => {
      await this.users.makeAdmin(manager, account.id, passwordHash);
      let factorsRemoved = false;
      if (takeMfa) {
        factorsRemoved = await this.mfaResets.removeAll(manager, account.id, 'operator');
        // Whoever had the account until now may have set up more that lets them in.
        await this.lifecycle.accountTakenBack(manager, { userId: account.id, since: new Date(0) });
      }
      await this.sessions.endAll(manager, account.id, 'admin-reset');
      await this.lifecycle.codesMustEnd(manager, account.id);
      await this.unlocks.clearLocks(account.id, manager);
      await this.audit.record(
        'authn_password_change',
        { subjectId: account.id, details: { reason: 'operator' } },
        manager,
      );
      await this.notices.announce({ kind: 'password_replaced', userId: account.id, factorsRemoved }, manager);
    });
    return { email: account.email, generatedPassword: password === undefined ? chosen : undefined };
  }

  private async createAccount(email: string, password: string | undefined): Promise<AdminAccount> {
    const chosen = await this.choosePassword(email, password);
    await this.users.create({
      name: 'Administrator',
      email,
      passwordHash: await this.hasher.hash(chosen),
      role: 'admin',
      isVerified: true,
    });
    return { email, generatedPassword: password === undefined ? chosen : undefined };
  }

  private async choosePassword(email: string, password: string | undefined): Promise<string> {
    if (password === undefined) return drawRandom(18).toString('base64url');
    await this.policy.check(password, { name: 'Administrator', email });
    return password;
  }
}
