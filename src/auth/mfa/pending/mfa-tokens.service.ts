import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../../config/app-config.js';
import { deriveSubkey } from '../../../crypto/derive-subkey.js';
import { drawRandom } from '../../../crypto/draw-random.js';
import { hmacSha256 } from '../../../crypto/hmac.js';
import { parseKeyRing } from '../../../crypto/parse-key-ring.js';
import { UserLifecycle } from '../../../users/user-lifecycle.js';
import { InvalidCredentialsError } from '../../auth.errors.js';
import type { LoginChannel } from './mfa-token.entity.js';
import { MfaTokensRepository, type AwaitedLogin, type LoginToAwait } from './mfa-tokens.repository.js';

const LOOKUP_CONTEXT = 'mc101/mfa-token-lookup/v1';

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * Tokens of logins that wait for their second factor: opaque, stored only as a keyed hash under TOKEN_PEPPER, in a table
 * that nothing else looks into. A token is good for five tries and one login, on the channel that it was issued on, and
 * only while the password or identity that was shown is the account's.
 */
@Injectable()
export class MfaTokensService {
  /** The writing key first; all of them read. */
  private readonly lookupKeys: readonly [Buffer, ...Buffer[]];

  constructor(
    private readonly repository: MfaTokensRepository,
    private readonly config: AppConfig,
    lifecycle: UserLifecycle,
  ) {
    lifecycle.on('sessionsMustEnd', (manager, userId) => this.removeAll(manager, userId));
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    const keys = ring.ids.map((id) => deriveSubkey(ring.find(id), LOOKUP_CONTEXT));
    this.lookupKeys = keys as [Buffer, ...Buffer[]];
  }

  /**
   * @returns 256 bits, base64url
   * @throws InvalidCredentialsError when the account was disabled or its password changed meanwhile
   */
  async issue(manager: EntityManager, login: LoginToAwait, channel: LoginChannel): Promise<string> {
    const token = drawRandom(TOKEN_BYTES).toString('base64url');
    const tokenHash = hmacSha256(this.lookupKeys[0], token);
    const lifetimeSeconds = this.config.mfa.tokenSeconds;
    if (!(await this.repository.issue(manager, { ...login, channel, tokenHash, lifetimeSeconds })))
      throw new InvalidCredentialsError();
    return token;
  }

  /** Counts a try before anything is compared. @returns undefined for a token that is good for none */
  async countTry(token: string, channel: LoginChannel): Promise<AwaitedLogin | undefined> {
    return TOKEN.test(token) ? await this.repository.countTry(this.hashesOf(token), channel) : undefined;
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
    return this.lookupKeys.map((key) => hmacSha256(key, token));
  }
}
