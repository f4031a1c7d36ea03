import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../../config/app-config.js';
import { UserLifecycle } from '../../../users/user-lifecycle.js';
import { InvalidCredentialsError } from '../../auth.errors.js';
import { OpaqueTokens } from '../../tokens/opaque-tokens.js';
import type { LoginChannel } from './mfa-token.entity.js';
import { MfaTokensRepository, type AwaitedLogin, type LoginToAwait } from './mfa-tokens.repository.js';

/**
 * Tokens of logins that wait for their second factor: opaque, stored only as a keyed hash under TOKEN_PEPPER, in a table
 * that nothing else looks into. A token is good for five tries and one login, on the channel that it was issued on, and
 * only while the password or identity that was shown is the account's.
 */
@Injectable()
export class MfaTokensService {
  private readonly tokens: OpaqueTokens;

  constructor(
    private readonly repository: MfaTokensRepository,
    private readonly config: AppConfig,
    lifecycle: UserLifecycle,
  ) {
    lifecycle.on('sessionsMustEnd', (manager, userId) => this.removeAll(manager, userId));
    this.tokens = new OpaqueTokens(config, 'mc101/mfa-token-lookup/v1');
  }

  /**
   * @returns 256 bits, base64url
   * @throws InvalidCredentialsError when the account was disabled or its password changed meanwhile
   */
  async issue(manager: EntityManager, login: LoginToAwait, channel: LoginChannel): Promise<string> {
    const { token, hash: tokenHash } = this.tokens.draw();
    const lifetimeSeconds = this.config.mfa.tokenSeconds;
    if (!(await this.repository.issue(manager, { ...login, channel, tokenHash, lifetimeSeconds })))
      throw new InvalidCredentialsError();
    return token;
  }

  /** Counts a try before anything is compared. @returns undefined for a token that is good for none */
  async countTry(token: string, channel: LoginChannel): Promise<AwaitedLogin | undefined> {
    return OpaqueTokens.isToken(token)
      ? await this.repository.countTry(this.hashesOf(token), channel)
      : undefined;
  }

  /** Uses a token up, in the transaction in which its session begins. @returns whether it was good */
  useOnce(manager: EntityManager, token: string, channel: LoginChannel): Promise<boolean> {
    return this.repository.useOnce(manager, this.hashesOf(token), channel);
  }

  removeAll(manager: EntityManager, userId: number): Promise<void> {
    return this.repository.removeAll(manager, userId);
  }

  /** Under every key of the ring: what was stored before a rotation stays good. */
  hashesOf(token: string): Buffer[] {
    return this.tokens.hashesOf(token);
  }
}
