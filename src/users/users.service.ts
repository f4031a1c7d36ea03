import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UnauthenticatedError } from '../common/errors/common.errors.js';
import type { Principal, Role } from '../common/http/principal.js';
import { isUniqueViolation } from '../database/constraint-violation.js';
import { normalizeEmail, normalizeUsername } from './email-address.js';
import type { UpdateProfileRequest } from './update-profile.dto.js';
import { UserLifecycle } from './user-lifecycle.js';
import type { User } from './user.entity.js';
import {
  EmailChangeUnavailableError,
  LastAdminError,
  ReauthenticationRequiredError,
  UserExistsError,
} from './users.errors.js';
import { UsersRepository } from './users.repository.js';
import type { Credentials } from './credentials.js';
import {
  toUserInfoResponse,
  toUserResponse,
  type UserInfoResponse,
  type UserResponse,
} from './user.response.dto.js';
import { VoterKeysService } from './voter-keys.service.js';

const REAUTHENTICATION_SECONDS = 15 * 60;

export interface AccountToCreate {
  name: string;
  email: string;
  username?: string | null;
  passwordHash: string | null;
  role?: Role;
}

/** Accounts: who exists, under which names, and what becomes of them. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly voterKeys: VoterKeysService,
    private readonly lifecycle: UserLifecycle,
  ) {}

  /** @throws UserExistsError when the e-mail address or username is taken. */
  async create({
    name,
    email,
    username = null,
    passwordHash,
    role = 'user',
  }: AccountToCreate): Promise<User> {
    const emailNormalized = normalizeEmail(email);
    const emailHmac = await this.voterKeys.hashOf(emailNormalized);
    return this.users.transaction(async (manager) => {
      const user = await this.users.insertIfFree(manager, {
        name,
        email,
        emailNormalized,
        username,
        usernameNormalized: username === null ? null : normalizeUsername(username),
        passwordHash,
        role,
        voterKey: await this.voterKeys.forNewAccount(manager, emailHmac),
      });
      if (!user) throw new UserExistsError();
      return user;
    });
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

  /** Makes an account an active admin with a new password. */
  async makeAdmin(manager: EntityManager, userId: number, passwordHash: string): Promise<void> {
    await this.users.updateAccess(manager, userId, { role: 'admin', isActive: true });
    await this.users.setPasswordHash(manager, userId, passwordHash);
  }

  info(principal: Principal): UserInfoResponse {
    return toUserInfoResponse(principal);
  }

  /** @throws UserExistsError when the username is taken. */
  async updateProfile(
    { userId }: Principal,
    { name, username, email }: UpdateProfileRequest,
  ): Promise<UserResponse> {
    if (email !== undefined) throw new EmailChangeUnavailableError();
    try {
      const user = await this.users.updateProfile(userId, {
        ...(name === undefined ? {} : { name }),
        ...(username === undefined
          ? {}
          : { username, usernameNormalized: username === null ? null : normalizeUsername(username) }),
      });
      if (!user) throw new UnauthenticatedError();
      return toUserResponse(user);
    } catch (error) {
      throw isUniqueViolation(error) ? new UserExistsError() : error;
    }
  }

  /**
   * Deletes the caller's account with sessions, keys and notes. Ballots stay; who cast them was never in them.
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes.
   * @throws LastAdminError
   */
  async deleteOwn({ userId, session }: Principal): Promise<void> {
    if (session.authenticatedSecondsAgo > REAUTHENTICATION_SECONDS) throw new ReauthenticationRequiredError();
    await this.users.transaction(async (manager) => {
      await this.requireAnotherAdmin(manager, userId);
      await this.lifecycle.accountDeleted(manager, userId);
      await this.users.delete(manager, userId);
    });
    await this.lifecycle.accountGone(userId);
  }

  /** Moves an account to an address that its owner has proven. @throws UserExistsError when it is taken. */
  async changeEmail(userId: number, email: string): Promise<void> {
    const emailNormalized = normalizeEmail(email);
    const emailHmac = await this.voterKeys.hashOf(emailNormalized);
    try {
      await this.users.transaction(async (manager) => {
        await this.users.lockMoves(manager);
        const user = await this.users.lockById(manager, userId);
        if (!user) return;
        // The address's voter key before the address itself, as in create(): the other way round two could wait for
        // each other.
        const voterKey = await this.voterKeys.forMovedAccount(manager, user.voterKey, emailHmac);
        await this.users.updateVoterKey(manager, userId, voterKey);
        await this.users.updateEmail(manager, userId, email, emailNormalized);
      });
    } catch (error) {
      throw isUniqueViolation(error) ? new UserExistsError() : error;
    }
  }

  /** @throws LastAdminError when no other active admin would remain. */
  async requireAnotherAdmin(manager: EntityManager, userId: number): Promise<void> {
    const admins = await this.users.lockActiveAdmins(manager);
    if (admins.includes(userId) && admins.length === 1) throw new LastAdminError();
  }
}
