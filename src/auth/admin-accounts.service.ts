import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { drawRandom } from '../crypto/draw-random.js';
import { UserExistsError, UserNotFoundError } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { SessionsRepository } from './sessions/sessions.repository.js';

export interface AdminAccount {
  email: string;
  /** False for an account that was there and became one: its password stays. */
  isNew: boolean;
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
    private readonly sessions: SessionsRepository,
    private readonly config: AppConfig,
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
   * Makes an admin; a password that is not given is drawn. An account that exists under this address becomes one and
   * keeps its password.
   * @throws WeakPasswordError
   */
  async create(email: string, password?: string): Promise<AdminAccount> {
    const existing = await this.users.findByEmail(email);
    if (!existing) return this.createAccount(email, password);
    await this.users.makeAdmin(existing.id);
    return { email: existing.email, isNew: false, generatedPassword: undefined };
  }

  /**
   * Gives an admin a new password, activates the account and ends its sessions.
   * @throws UserNotFoundError
   * @throws WeakPasswordError
   */
  async reset(email: string, password?: string): Promise<AdminAccount> {
    const admin = await this.users.findByEmail(email);
    if (admin?.role !== 'admin') throw new UserNotFoundError();
    const chosen = await this.choosePassword(email, password);
    const passwordHash = await this.hasher.hash(chosen);
    await this.users.transaction(async (manager) => {
      await this.users.restoreAccess(manager, admin.id, passwordHash);
      await this.sessions.revokeAll(manager, admin.id, 'admin-reset');
    });
    return {
      email: admin.email,
      isNew: false,
      generatedPassword: password === undefined ? chosen : undefined,
    };
  }

  private async createAccount(email: string, password: string | undefined): Promise<AdminAccount> {
    const chosen = await this.choosePassword(email, password);
    await this.users.create({
      name: 'Administrator',
      email,
      passwordHash: await this.hasher.hash(chosen),
      role: 'admin',
    });
    return { email, isNew: true, generatedPassword: password === undefined ? chosen : undefined };
  }

  private async choosePassword(email: string, password: string | undefined): Promise<string> {
    if (password === undefined) return drawRandom(18).toString('base64url');
    await this.policy.check(password, { name: 'Administrator', email });
    return password;
  }
}
