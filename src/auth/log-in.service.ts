import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { BusyError } from '../common/errors/common.errors.js';
import type { Credentials } from '../users/credentials.js';
import { UsersService } from '../users/users.service.js';
import type { LoginRequest } from './auth.dto.js';
import { InvalidCredentialsError } from './auth.errors.js';
import type { ClientInfo } from './client-info.decorator.js';
import type { FailureReason, LoginAdmission } from './lockouts/admission.js';
import type { BegunLogin } from './lockouts/known-devices.service.js';
import { LoginGate } from './lockouts/login-gate.service.js';
import { LoginOutcomes } from './login-outcomes.js';
import type { LoginChannel } from './mfa/pending/mfa-token.entity.js';
import { MfaTokensService } from './mfa/pending/mfa-tokens.service.js';
import { isWaiting, type WaitingLogin } from './mfa/pending/waiting-login.js';
import { SecondFactorService, type SecondFactorMethod } from './mfa/second-factor.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import type { LogIn } from './sessions/session-tokens.js';
import { SessionsService, type ProvenPassword } from './sessions/sessions.service.js';

/** From a password to a session, or to a login that waits for its second factor. */
@Injectable()
export class LogInService {
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly gate: LoginGate,
    private readonly secondFactors: SecondFactorService,
    private readonly mfaTokens: MfaTokensService,
    private readonly audit: AuditService,
    private readonly outcomes: LoginOutcomes,
  ) {}

  /**
   * Takes as long and answers the same for an unknown account, a wrong password and a disabled account; and where it is
   * locked out, for a right one. That an account has a second factor is told to who knows its password.
   * @param channel by which the login gets its tokens, then or when its second factor is there
   * @throws InvalidCredentialsError
   * @throws LockedOutError
   * @throws TooManyFailuresError
   * @throws BusyError
   */
  logIn(request: LoginRequest, channel: LoginChannel, client: ClientInfo): Promise<LogIn | WaitingLogin> {
    return this.outcomes.count(this.attempt(request, channel, client), (login) =>
      isWaiting(login) ? 'mfa_required' : 'success',
    );
  }

  private async attempt(
    { email, username, password }: LoginRequest,
    channel: LoginChannel,
    client: ClientInfo,
  ): Promise<LogIn | WaitingLogin> {
    // Before the database is asked: a flood must not take the connections of everybody else.
    await this.hasher.refuseWhenBusy();
    const identifier = email ?? username ?? '';
    const account = await this.users.findCredentials(identifier);
    const admission = await this.gate.enter({ identifier, account, client });
    try {
      const proven = await this.prove(admission, account, password);
      const methods = await this.secondFactors.methodsOf(proven.userId);
      return await this.users.transaction<LogIn | WaitingLogin>((manager) =>
        methods.length > 0
          ? this.wait(manager, admission, proven, methods, channel)
          : this.begin(manager, admission, proven, client),
      );
    } catch (error) {
      await admission.withdrawn();
      throw error;
    }
  }

  private async begin(
    manager: EntityManager,
    admission: LoginAdmission<string, BegunLogin>,
    proven: ProvenPassword,
    client: ClientInfo,
  ): Promise<LogIn> {
    const tokens = await this.sessions.begin(manager, proven, client);
    // The account is locked by now: a second factor that came into force since it was asked for is seen here.
    if ((await this.secondFactors.methodsOf(proven.userId, manager)).length > 0) throw new BusyError();
    return { ...tokens, deviceToken: await admission.succeeded(manager, tokens) };
  }

  private async wait(
    manager: EntityManager,
    admission: LoginAdmission<string, BegunLogin>,
    proven: ProvenPassword,
    methods: readonly SecondFactorMethod[],
    channel: LoginChannel,
  ): Promise<WaitingLogin> {
    const mfaToken = await this.mfaTokens.issue(
      manager,
      { ...proven, identityId: null, ...admission.firstFactor },
      channel,
    );
    await admission.postponed(manager);
    await this.audit.record(
      'authn_mfa_required',
      { subjectId: proven.userId, details: { methods: methods.join() } },
      manager,
    );
    return { mfaToken, methods };
  }

  private async prove(
    admission: LoginAdmission<string, BegunLogin>,
    account: Credentials | undefined,
    password: string,
  ): Promise<ProvenPassword> {
    const matches = await this.hasher.verify(admission.mayVerify ? account : undefined, password);
    if (!matches || !account?.passwordHash || !account.isActive) {
      await admission.failed(reasonOf(account, admission.mayVerify, matches));
      throw new InvalidCredentialsError();
    }
    return {
      userId: account.id,
      method: 'password',
      verifiedHash: await this.rehashIfOutdated(account.id, account.passwordHash, password),
    };
  }

  /** @returns the hash that the account has afterwards, as far as this login knows. */
  private async rehashIfOutdated(userId: number, hash: string, password: string): Promise<string> {
    if (!this.hasher.needsRehash(hash)) return hash;
    const replacement = await this.hasher.hash(password);
    return (await this.users.replacePasswordHash(userId, hash, replacement)) ? replacement : hash;
  }
}

function reasonOf(account: Credentials | undefined, wasVerified: boolean, matches: boolean): FailureReason {
  if (!account) return 'unknown_account';
  if (!wasVerified) return 'withheld';
  if (account.passwordHash === null) return 'no_password';
  return matches ? 'disabled' : 'wrong_password';
}
