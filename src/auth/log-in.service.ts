import { Injectable } from '@nestjs/common';
import { countOutcome } from '../common/metrics/count-outcome.js';
import type { Credentials } from '../users/credentials.js';
import { UsersService } from '../users/users.service.js';
import type { LoginRequest } from './auth.dto.js';
import { InvalidCredentialsError } from './auth.errors.js';
import type { ClientInfo } from './client-info.decorator.js';
import type { Admission, FailureReason } from './lockouts/admission.js';
import type { BegunLogin } from './lockouts/known-devices.service.js';
import { LoginGate } from './lockouts/login-gate.service.js';
import { LoginMetrics } from './login-metrics.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import type { LogIn } from './sessions/session-tokens.js';
import { SessionsService, type ProvenLogin } from './sessions/sessions.service.js';

/** From a password to a session. */
@Injectable()
export class LogInService {
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly gate: LoginGate,
    private readonly metrics: LoginMetrics,
  ) {}

  /**
   * Takes as long and answers the same for an unknown account, a wrong password and a disabled account; and where it is
   * locked out, for a right one.
   * @throws InvalidCredentialsError
   * @throws LockedOutError
   * @throws TooManyFailuresError
   * @throws BusyError
   */
  logIn(request: LoginRequest, client: ClientInfo): Promise<LogIn> {
    return countOutcome(
      (outcome) => {
        this.metrics.count(outcome);
      },
      this.attempt(request, client),
    );
  }

  private async attempt({ email, username, password }: LoginRequest, client: ClientInfo): Promise<LogIn> {
    // Before the database is asked: a flood must not take the connections of everybody else.
    await this.hasher.refuseWhenBusy();
    const identifier = email ?? username ?? '';
    const account = await this.users.findCredentials(identifier);
    const admission = await this.gate.enter({ identifier, account, client });
    try {
      const proven = await this.prove(admission, account, password);
      return await this.users.transaction(async (manager) => {
        const tokens = await this.sessions.begin(manager, proven, client);
        return { ...tokens, deviceToken: await admission.succeeded(manager, tokens) };
      });
    } catch (error) {
      await admission.withdrawn();
      throw error;
    }
  }

  private async prove(
    admission: Admission<string, BegunLogin>,
    account: Credentials | undefined,
    password: string,
  ): Promise<ProvenLogin> {
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
