import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { countOutcome } from '../common/metrics/count-outcome.js';
import { Metrics } from '../common/metrics/metrics.js';
import { AppConfig } from '../config/app-config.js';
import type { Credentials } from '../users/credentials.js';
import { UsersService } from '../users/users.service.js';
import type { LoginRequest, LoginResponse } from './auth.dto.js';
import { InvalidCredentialsError } from './auth.errors.js';
import type { ClientInfo } from './client-info.decorator.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { AccessTokensService } from './tokens/access-tokens.service.js';
import { RefreshTokensService } from './tokens/refresh-tokens.service.js';

/** From a password to a session. */
@Injectable()
export class LogInService {
  private readonly outcomes: Counter<'outcome'>;

  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsRepository,
    private readonly accessTokens: AccessTokensService,
    private readonly refreshTokens: RefreshTokensService,
    private readonly config: AppConfig,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter('mc101_logins_total', 'Logins by outcome.', ['outcome']);
    // What an alert compares with what it was is there from the start.
    for (const outcome of ['success', 'invalid_credentials', 'busy']) this.outcomes.inc({ outcome }, 0);
  }

  /**
   * Takes as long and answers the same for an unknown account, a wrong password and a disabled account.
   * @throws InvalidCredentialsError
   * @throws BusyError
   */
  logIn(request: LoginRequest, client: ClientInfo): Promise<LoginResponse> {
    return countOutcome(
      (outcome) => {
        this.outcomes.inc({ outcome });
      },
      this.attempt(request, client),
    );
  }

  private async attempt(
    { email, username, password }: LoginRequest,
    client: ClientInfo,
  ): Promise<LoginResponse> {
    // Before the database is asked: a flood must not take the connections of everybody else.
    await this.hasher.refuseWhenBusy();
    const account = await this.users.findCredentials(email ?? username ?? '');
    const matches = await this.hasher.verify(account, password);
    if (!matches || !account?.passwordHash || !account.isActive) throw new InvalidCredentialsError();
    const verifiedHash = await this.rehashIfOutdated(account.id, account.passwordHash, password);
    return this.beginSession(account, verifiedHash, client);
  }

  private async beginSession(
    account: Credentials,
    verifiedHash: string,
    client: ClientInfo,
  ): Promise<LoginResponse> {
    const refreshToken = this.refreshTokens.draw();
    const sessionId = await this.sessions.begin({
      userId: account.id,
      verifiedHash,
      lifetimeSeconds: this.config.sessionSeconds,
      refreshTokenHash: refreshToken.hash,
      ...client,
    });
    if (sessionId === undefined) throw new InvalidCredentialsError();
    const accessToken = this.accessTokens.issue({ userId: account.id, sessionId });
    return {
      access_token: accessToken,
      token_type: 'bearer',
      expires_in: this.config.accessTokenSeconds,
      refresh_token: refreshToken.token,
      authentication_type: 'Bearer',
      token: accessToken,
    };
  }

  /** @returns the hash that the account has afterwards, as far as this login knows. */
  private async rehashIfOutdated(userId: number, hash: string, password: string): Promise<string> {
    if (!this.hasher.needsRehash(hash)) return hash;
    const replacement = await this.hasher.hash(password);
    return (await this.users.replacePasswordHash(userId, hash, replacement)) ? replacement : hash;
  }
}
