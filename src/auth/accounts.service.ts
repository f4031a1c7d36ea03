import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import type { Principal, Role } from '../common/http/principal.js';
import { RateLimits } from '../common/rate-limits/rate-limits.js';
import { normalizeEmail } from '../users/email-address.js';
import { UserLifecycle } from '../users/user-lifecycle.js';
import { toUserResponse, type UserResponse } from '../users/user.response.dto.js';
import { UserExistsError } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import type { ChangePasswordRequest, RegisterRequest } from './auth.dto.js';
import { WrongCurrentPasswordError } from './auth.errors.js';
import { VerifyEmailService } from './email/verify-email.service.js';
import type { Admission } from './lockouts/admission.js';
import { ProofGate } from './lockouts/proof-gate.service.js';
import { LoginMethods } from './login-methods.service.js';
import { SecurityNotices } from './notices/security-notices.js';
import type { ClientInfo } from './client-info.decorator.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { SessionsService } from './sessions/sessions.service.js';

/** Of the places in which password hashes wait: whoever comes to register leaves the other half to logins. */
const REGISTRATIONS_SHARE = 0.5;

/** What lets somebody in who registers. */
export interface RegistrationGrant {
  role: Role;
  /** Called in the transaction that makes the account; where it throws, none is made. */
  confirm: (manager: EntityManager, userId: number) => Promise<void>;
}

/** Accounts as far as passwords and sessions are concerned: making one, changing its password, logging out. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly users: UsersService,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly verification: VerifyEmailService,
    private readonly notices: SecurityNotices,
    private readonly gate: ProofGate,
    private readonly limits: RateLimits,
    private readonly audit: AuditService,
    private readonly lifecycle: UserLifecycle,
    loginMethods: LoginMethods,
  ) {
    loginMethods.register((manager, userId) => users.hasPassword(manager, userId));
    lifecycle.on('isInUse', (manager, { id }) => sessions.wereSeenWithinADay(manager, id));
    lifecycle.on('sessionsMustEnd', (manager, userId) => sessions.endAll(manager, userId, 'admin'));
  }

  /**
   * Somebody makes an account, who is nobody yet. Whether a name is taken has to be told, but only so many times an
   * hour. It is counted before anything costs time, and given back to who was not told.
   * @throws RateLimitedError
   * @throws what `admit` throws
   * @throws WeakPasswordError
   * @throws UserExistsError not saying whether the e-mail address or the username is taken
   * @throws BusyError
   */
  async register(
    request: RegisterRequest,
    { ip }: Pick<ClientInfo, 'ip'>,
    admit?: () => Promise<RegistrationGrant>,
  ): Promise<UserResponse> {
    const counted = await this.limits.enforce('signup-address', ip);
    try {
      const grant = await admit?.();
      await this.limits.enforce('estimates-address', ip);
      await this.policy.check(request.password, request);
      return await this.make(request, {
        role: grant?.role,
        confirm: async (manager, userId) => {
          await grant?.confirm(manager, userId);
          const { email } = request;
          await this.verification.send(manager, {
            id: userId,
            email,
            emailNormalized: normalizeEmail(email),
          });
        },
      });
    } catch (error) {
      if (!(error instanceof UserExistsError)) await this.limits.giveBack(counted);
      throw error;
    }
  }

  /** The same for who need not be limited. */
  async make(
    { name, email, username, password }: RegisterRequest,
    grant?: Partial<RegistrationGrant>,
  ): Promise<UserResponse> {
    const passwordHash = await this.hasher.hash(password, REGISTRATIONS_SHARE);
    const account = { name, email, username, passwordHash, role: grant?.role };
    return toUserResponse(await this.users.create(account, grant?.confirm));
  }

  /** Ends the caller's session; its tokens are refused from the next request on, on every process. */
  async logOut({ userId, session }: Principal): Promise<void> {
    await this.sessions.end({ userId, sessionId: session.id }, 'logout');
  }

  /**
   * Changes the password and ends every other session.
   * @throws WrongCurrentPasswordError when the current password is wrong, or was changed meanwhile
   * @throws WeakPasswordError
   * @throws LockedOutError when this session gave too many wrong ones
   */
  async changePassword(principal: Principal, request: ChangePasswordRequest): Promise<void> {
    await this.hasher.refuseWhenBusy();
    const admission = await this.gate.enterPassword(principal);
    try {
      await this.changeOnceAdmitted(admission, principal, request);
    } catch (error) {
      await admission.withdrawn();
      throw error;
    }
  }

  private async changeOnceAdmitted(
    admission: Admission<void>,
    principal: Principal,
    request: ChangePasswordRequest,
  ): Promise<void> {
    const { userId, session } = principal;
    const verified = await this.users.passwordHashOf(userId);
    if (!(await this.hasher.verify({ id: userId, passwordHash: verified }, request.current_password))) {
      await admission.failed('wrong_password');
      throw new WrongCurrentPasswordError();
    }
    await this.limits.enforce('estimates-user', userId);
    await this.policy.check(request.new_password, principal);
    const replacement = await this.hasher.hash(request.new_password);
    await this.users.transaction(async (manager) => {
      if (!(await this.users.replacePasswordHash(userId, verified, replacement, manager)))
        throw new WrongCurrentPasswordError();
      await this.sessions.requireAlive(manager, principal);
      await this.sessions.endAll(manager, userId, 'password-changed', {
        exceptSessionId: session.id,
      });
      await this.lifecycle.codesMustEnd(manager, userId);
      await this.notices.announce({ kind: 'password_changed', userId }, manager);
      await admission.succeeded(manager, undefined);
      await this.audit.record('authn_password_change', { subjectId: userId }, manager);
    });
  }
}
