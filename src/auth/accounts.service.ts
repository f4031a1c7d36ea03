import { Injectable } from '@nestjs/common';
import type { Principal } from '../common/http/principal.js';
import { UserLifecycle } from '../users/user-lifecycle.js';
import { toUserResponse, type UserResponse } from '../users/user.response.dto.js';
import { UsersService } from '../users/users.service.js';
import type { ChangePasswordRequest, RegisterRequest } from './auth.dto.js';
import { WrongCurrentPasswordError } from './auth.errors.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { SessionsRepository } from './sessions/sessions.repository.js';

/** Of the places in which password hashes wait: whoever comes to register leaves the other half to logins. */
const REGISTRATIONS_SHARE = 0.5;

/** Accounts as far as passwords and sessions are concerned: making one, changing its password, logging out. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly users: UsersService,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsRepository,
    lifecycle: UserLifecycle,
  ) {
    lifecycle.on('sessionsMustEnd', (manager, userId) => sessions.revokeAll(manager, userId, 'admin'));
  }

  /**
   * @throws WeakPasswordError
   * @throws UserExistsError not saying whether the e-mail address or the username is taken
   * @throws BusyError
   */
  async register({ name, email, username, password }: RegisterRequest): Promise<UserResponse> {
    await this.policy.check(password, { name, email, username });
    const passwordHash = await this.hasher.hash(password, REGISTRATIONS_SHARE);
    return toUserResponse(await this.users.create({ name, email, username, passwordHash }));
  }

  /** Ends the caller's session; its tokens are refused from the next request on, on every process. */
  async logOut({ session }: Principal): Promise<void> {
    await this.sessions.revoke(session.id, 'logout');
  }

  /**
   * Changes the password and ends every other session.
   * @throws WrongCurrentPasswordError when the current password is wrong, or was changed meanwhile
   * @throws WeakPasswordError
   */
  async changePassword(principal: Principal, request: ChangePasswordRequest): Promise<void> {
    const { userId, session } = principal;
    const verified = await this.users.passwordHashOf(userId);
    if (!(await this.hasher.verify({ id: userId, passwordHash: verified }, request.current_password)))
      throw new WrongCurrentPasswordError();
    await this.policy.check(request.new_password, principal);
    const replacement = await this.hasher.hash(request.new_password);
    await this.users.transaction(async (manager) => {
      if (!(await this.users.replacePasswordHash(userId, verified, replacement, manager)))
        throw new WrongCurrentPasswordError();
      await this.sessions.revokeAll(manager, userId, 'password-changed', session.id);
    });
  }
}
