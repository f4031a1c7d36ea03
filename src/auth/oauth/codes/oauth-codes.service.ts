import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../config/app-config.js';
import { isConstantTimeEqual } from '../../../crypto/constant-time-equal.js';
import { UserLifecycle } from '../../../users/user-lifecycle.js';
import { OpaqueTokens } from '../../tokens/opaque-tokens.js';
import type { OAuthPurpose } from '../flows/oauth-flow.entity.js';
import { OAuthCodesRepository, type CodeGrant, type TakenCode } from './oauth-codes.repository.js';

/** A browser takes a code to its client at once. */
const CODE_SECONDS = 60;

/** What a client hands in. */
export interface CodeWithVerifier {
  code: string;
  code_verifier: string;
}

/**
 * One-time codes that browsers take from here to the client that began. Good once, and only with the verifier whose
 * challenge the client began with (RFC 7636): of no use to whoever merely sees it in an address.
 */
@Injectable()
export class OAuthCodesService {
  private readonly tokens: OpaqueTokens;

  constructor(
    private readonly codes: OAuthCodesRepository,
    private readonly config: AppConfig,
    lifecycle: UserLifecycle,
  ) {
    this.tokens = new OpaqueTokens(config, 'mc101/oauth-code/v1');
    lifecycle.on('sessionsMustEnd', (manager, userId) => codes.removeOf(manager, userId));
    lifecycle.on('codesMustEnd', (manager, userId) => codes.removeOf(manager, userId));
  }

  /** @returns 256 bits, base64url, good for a minute */
  async issue(grant: CodeGrant): Promise<string> {
    const { token, hash } = this.tokens.draw();
    await this.codes.add(hash, grant, CODE_SECONDS);
    return token;
  }

  /** A code for whoever logs in to an account that exists: good for OAUTH_LINK_TTL. */
  async issueLinkCode(
    identity: CodeGrant['identity'],
    userId: number,
    codeChallenge: string,
  ): Promise<{ code: string; lifetimeSeconds: number }> {
    const { token, hash } = this.tokens.draw();
    const lifetimeSeconds = this.config.socialLogin.linkSeconds;
    await this.codes.add(hash, { identity, purpose: 'link', userId, codeChallenge }, lifetimeSeconds);
    return { code: token, lifetimeSeconds };
  }

  /** Whose identity a code stands for; undefined also for one that is good for nothing. */
  async findOwner(code: string): Promise<number | undefined> {
    const hashes = this.tokens.hashesOf(code);
    return hashes.length > 0 ? this.codes.findOwner(hashes) : undefined;
  }

  /** Uses a code up, with a wrong verifier too. @returns what it stands for, if it is good and the client's own */
  async take(
    { code, code_verifier: verifier }: CodeWithVerifier,
    purpose: OAuthPurpose,
  ): Promise<TakenCode | undefined> {
    const hashes = this.tokens.hashesOf(code);
    const taken = hashes.length > 0 ? await this.codes.take(hashes, purpose) : undefined;
    if (!taken) return undefined;
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    return isConstantTimeEqual(Buffer.from(challenge), Buffer.from(taken.codeChallenge)) ? taken : undefined;
  }
}
