import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { UnauthenticatedError } from '../common/errors/common.errors.js';
import { requestContext } from '../common/logging/request-context.js';
import type { Principal, Role } from '../common/http/principal.js';
import { RateLimits } from '../common/rate-limits/rate-limits.js';
import { AppConfig } from '../config/app-config.js';
import { isUniqueViolation } from '../database/constraint-violation.js';
import { MailOutbox } from '../mail/outbox/mail-outbox.service.js';
import { toAccount, type Account, type MailAddress } from './account.js';
import { AddressesService } from './addresses.service.js';
import { dayWithoutBackups } from './day-without-backups.js';
import { normalizeEmail, normalizeUsername } from './email-address.js';
import type { UpdateProfileRequest } from './update-profile.dto.js';
import { UserLifecycle } from './user-lifecycle.js';
import type { User } from './user.entity.js';
import { LastAdminError, UserExistsError, UserNotFoundError } from './users.errors.js';
import { requireRecentAuthentication } from './require-recent-authentication.js';
import { UsersRepository } from './users.repository.js';
import type { Credentials } from './credentials.js';
import {
  toUserInfoResponse,
  toUserResponse,
  type UserInfoResponse,
  type UserResponse,
} from './user.response.dto.js';
import { VoterKeysService } from './voter-keys.service.js';

export interface AccountToCreate {
  name: string;
  email: string;
  username?: string | null;
  passwordHash: string | null;
  role?: Role;
  /** Whether it is known already that the address is theirs. */
  isVerified?: boolean;
}

/** Accounts: who exists, under which names, and what becomes of them. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly voterKeys: VoterKeysService,
    private readonly addresses: AddressesService,
    private readonly lifecycle: UserLifecycle,
    private readonly limits: RateLimits,
    private readonly outbox: MailOutbox,
    private readonly audit: AuditService,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * @param confirm what else must hold for the account to be made, in the same transaction: it throws where it does not
   * @throws UserExistsError when the e-mail address or username is taken.
   */
  async create(
    { name, email, username = null, passwordHash, role = 'user', isVerified = false }: AccountToCreate,
    confirm?: (manager: EntityManager, userId: number) => Promise<void>,
  ): Promise<User> {
    const emailNormalized = normalizeEmail(email);
    const emailHmac = await this.voterKeys.hashOf(emailNormalized);
    let replaced: number | undefined;
    const created = await this.users.transaction(async (manager) => {
      const account = {
        name,
        email,
        emailNormalized,
        username,
        usernameNormalized: username === null ? null : normalizeUsername(username),
        passwordHash,
        role,
        emailVerifiedAt: isVerified ? this.clock.now() : null,
        voterKey: await this.voterKeys.forNewAccount(manager, emailHmac),
      };
      let user = await this.users.insertIfFree(manager, account);
      if (!user) {
        replaced = await this.addresses.removeUnused(manager, emailNormalized);
        if (replaced !== undefined) user = await this.users.insertIfFree(manager, account);
      }
      if (!user) throw new UserExistsError();
      await this.lifecycle.addressTaken(manager, { id: user.id, emailNormalized });
      const request = requestContext.getStore();
      // Who registers is nobody yet when they ask for it.
      const actorId = request && (request.userId ?? user.id);
      await this.audit.record('user_created', { actorId, subjectId: user.id, details: { role } }, manager);
      await confirm?.(manager, user.id);
      return user;
    });
    if (replaced !== undefined) await this.lifecycle.accountGone(replaced);
    return created;
  }

  /** Looks an account up for a login. What contains an @ is an address, anything else a username. */
  findCredentials(identifier: string): Promise<Credentials | undefined> {
    return identifier.includes('@')
      ? this.users.findCredentialsByEmail(normalizeEmail(identifier))
      : this.users.findCredentialsByUsername(normalizeUsername(identifier));
  }

  findByEmail(email: string): Promise<User | null> {
    return this.users.findByEmail(normalizeEmail(email));
  }

  /** Undefined for a disabled one, too. */
  async findActive(userId: number): Promise<Account | undefined> {
    const user = await this.users.findById(userId);
    return user?.isActive ? toAccount(user) : undefined;
  }

  /** An account as its owner sees it. @throws UnauthenticatedError when it is gone */
  async present(userId: number): Promise<UserResponse> {
    const user = await this.users.findById(userId);
    if (!user) throw new UnauthenticatedError();
    return toUserResponse(user);
  }

  /** The account of this transaction's caller, locked. @throws UnauthenticatedError when it is gone */
  async lockAccount(manager: EntityManager, userId: number): Promise<Account> {
    const user = await this.users.lockById(manager, userId);
    if (!user) throw new UnauthenticatedError();
    return toAccount(user);
  }

  /** Notes that the address was mailed a code to verify it. */
  markVerificationSent(manager: EntityManager, userId: number): Promise<void> {
    return this.users.markVerificationSent(manager, userId);
  }

  /** @returns whether it was not verified before, and the account has this address still */
  markVerified(manager: EntityManager, userId: number, emailNormalized: string): Promise<boolean> {
    return this.users.markVerified(manager, userId, emailNormalized);
  }

  /** Sets a password for whoever has proven the address. @returns false when the account is disabled or has another one */
  recoverPassword(
    manager: EntityManager,
    account: Pick<Account, 'id' | 'emailNormalized'>,
    passwordHash: string,
  ): Promise<boolean> {
    return this.users.recoverPassword(manager, account, passwordHash);
  }

  /** Nobody logs in with a password until one is set anew. */
  removePassword(manager: EntityManager, userId: number): Promise<void> {
    return this.users.removePassword(manager, userId);
  }

  hasAdmin(): Promise<boolean> {
    return this.users.hasAdmin();
  }

  async passwordHashOf(userId: number): Promise<string | null> {
    return (await this.users.findById(userId))?.passwordHash ?? null;
  }

  /** Replaces a password hash only if it is still the one that was verified. @returns whether it was. */
  replacePasswordHash(
    userId: number,
    verified: string | null,
    replacement: string,
    manager?: EntityManager,
  ): Promise<boolean> {
    return this.users.replacePasswordHash(manager, userId, verified, replacement);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.users.transaction(work);
  }

  /** Locks an account until the transaction ends. @returns whether there is one */
  async lock(manager: EntityManager, userId: number): Promise<boolean> {
    return (await this.users.lockById(manager, userId)) !== null;
  }

  /** Locks an account until the transaction ends. @returns whether there is one that is not disabled */
  async lockActive(manager: EntityManager, userId: number): Promise<boolean> {
    return (await this.users.lockById(manager, userId))?.isActive === true;
  }

  /** Whether a password opens the account. */
  async hasPassword(manager: EntityManager, userId: number): Promise<boolean> {
    return ((await this.users.lockById(manager, userId))?.passwordHash ?? null) !== null;
  }

  /** Where mails to the owner of an active account go. */
  addressOf(manager: EntityManager, userId: number): Promise<MailAddress | undefined> {
    return this.users.findActiveAddress(manager, userId);
  }

  /** Every active admin, with where mails to them go. */
  listActiveAdmins(manager: EntityManager): Promise<{ id: number; email: string }[]> {
    return this.users.listActiveAdmins(manager);
  }

  /** Locks an account until the transaction ends. @returns whether this is its password's hash */
  async lockWithPassword(manager: EntityManager, userId: number, passwordHash: string): Promise<boolean> {
    return (await this.users.lockById(manager, userId))?.passwordHash === passwordHash;
  }

  /**
   * Changes role or activity. Where that makes somebody an active admin, or ends it, other modules take part.
   * @param before the account as it is, locked
   */
  async changeAccess(
    manager: EntityManager,
    before: User,
    changes: { role?: Role; isActive?: boolean },
  ): Promise<void> {
    await this.users.updateAccess(manager, before.id, changes);
    const { role = before.role, isActive = before.isActive } = changes;
    if (isActiveAdmin(before) !== isActiveAdmin({ role, isActive }))
      await this.lifecycle.adminChanged(manager, before.id);
  }

  /** Makes an account an active admin with a new password, for an operator who vouches for its address. @throws UserNotFoundError */
  async makeAdmin(manager: EntityManager, userId: number, passwordHash: string): Promise<void> {
    const before = await this.users.lockById(manager, userId);
    if (!before) throw new UserNotFoundError();
    await this.changeAccess(manager, before, { role: 'admin', isActive: true });
    await this.users.setPasswordHash(manager, userId, passwordHash);
    await this.users.markVerified(manager, userId, before.emailNormalized);
    await this.audit.record(
      'privilege_permissions_changed',
      { subjectId: userId, details: { role: 'admin', is_active: true } },
      manager,
    );
  }

  info(principal: Principal): UserInfoResponse {
    return toUserInfoResponse(principal);
  }

  /**
   * @throws UserExistsError when the username is taken
   * @throws RateLimitedError when too many usernames were tried: each try tells whether a name is taken
   * @throws what AddressesService.admitChange throws, for another address
   */
  async updateProfile(
    principal: Principal,
    { name, username, email }: UpdateProfileRequest,
  ): Promise<UserResponse> {
    const { userId, username: present } = principal;
    if (email !== undefined) await this.addresses.admitChange(principal, email);
    if (typeof username === 'string' && username !== present)
      await this.limits.enforce('rename-user', userId);
    try {
      const changes = {
        ...(name === undefined ? {} : { name }),
        ...(username === undefined
          ? {}
          : { username, usernameNormalized: username === null ? null : normalizeUsername(username) }),
      };
      return await this.users.transaction(async (manager) => {
        if (email !== undefined) await this.addresses.requestChange(manager, userId, email);
        const user = await this.users.updateProfile(manager, userId, changes);
        if (!user) throw new UnauthenticatedError();
        const fields = Object.keys(changes).filter((field) => field !== 'usernameNormalized');
        if (fields.length > 0)
          await this.audit.record(
            'user_updated',
            { subjectId: userId, details: { fields: fields.join() } },
            manager,
          );
        if (username !== undefined && username !== present)
          await this.lifecycle.usernameChanged(manager, userId);
        return toUserResponse(user);
      });
    } catch (error) {
      throw isUniqueViolation(error) ? new UserExistsError() : error;
    }
  }

  /**
   * Deletes the caller's account with sessions, keys and notes. Ballots stay; who cast them was never in them.
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes.
   * @throws LastAdminError
   */
  async deleteOwn(principal: Principal): Promise<void> {
    requireRecentAuthentication(principal);
    const { userId } = principal;
    const lastBackupGoesAt = dayWithoutBackups(this.config.backup, this.clock.now());
    await this.users.transaction(async (manager) => {
      await this.requireAnotherAdmin(manager, userId);
      // Whoever registers and deletes again and again with a stranger's address has nothing sent there.
      if (principal.emailVerified)
        await this.outbox.enqueue(
          { kind: 'farewell', to: principal.email, data: { lastBackupGoesAt }, event: `farewell:${userId}` },
          manager,
        );
      await this.lifecycle.accountDeleted(manager, userId);
      await this.users.delete(manager, userId);
      await this.audit.record('user_deleted', { subjectId: userId }, manager);
    });
    await this.lifecycle.accountGone(userId);
  }

  /** @throws LastAdminError when no other active admin would remain. */
  async requireAnotherAdmin(manager: EntityManager, userId: number): Promise<void> {
    const admins = await this.users.lockActiveAdmins(manager);
    if (admins.includes(userId) && admins.length === 1) throw new LastAdminError();
  }
}

function isActiveAdmin({ role, isActive }: Pick<User, 'role' | 'isActive'>): boolean {
  return role === 'admin' && isActive;
}
