import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../config/app-config.js';
import { deriveSubkey } from '../../../crypto/derive-subkey.js';
import { drawRandom } from '../../../crypto/draw-random.js';
import { hmacSha256 } from '../../../crypto/hmac.js';
import { parseKeyRing } from '../../../crypto/parse-key-ring.js';
import type { FlowSecrets } from '../providers/identity-provider.js';
import { OpaqueTokens } from '../../tokens/opaque-tokens.js';

const CONTEXTS = ['mc101/oauth-nonce/v1', 'mc101/oauth-verifier/v1'] as const;
const STATE_BYTES = 32;

/** What is stored of a flow's state and of the browser that began it, under one and the same key. */
interface FlowHashes {
  stateHash: Buffer;
  browserHash: Buffer;
}

/**
 * What ties a provider's answer to its flow. Of `state` and of the browser's cookie only keyed hashes are stored. Nonce
 * and verifier are HMACs of `state` under keys of their own: they are stored nowhere, and no `state` yields them.
 */
@Injectable()
export class FlowSecretsService {
  private readonly states: OpaqueTokens;
  private readonly browsers: OpaqueTokens;
  /** Of every entry of TOKEN_PEPPER, the writing one first. */
  private readonly keys: readonly (readonly [nonce: Buffer, verifier: Buffer])[];

  constructor(config: AppConfig) {
    this.states = new OpaqueTokens(config, 'mc101/oauth-state/v1');
    this.browsers = new OpaqueTokens(config, 'mc101/oauth-browser/v1');
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    this.keys = ring.ids.map((id) => {
      const key = ring.find(id);
      return [deriveSubkey(key, CONTEXTS[0]), deriveSubkey(key, CONTEXTS[1])];
    });
  }

  /**
   * Draws what a flow needs.
   * @param cookie what the browser has from a flow that it began before; it keeps that, so that both can end
   */
  draw(cookie: string | undefined): { secrets: FlowSecrets; browserToken: string; hashes: FlowHashes } {
    const state = drawRandom(STATE_BYTES).toString('base64url');
    const browserToken =
      cookie !== undefined && OpaqueTokens.isToken(cookie) ? cookie : this.browsers.draw().token;
    const [hashes] = this.hashesOf(state, browserToken);
    const [key] = this.keys;
    if (!hashes || !key) throw new Error('TOKEN_PEPPER has no key.');
    return { secrets: secretsUnder(key, state), browserToken, hashes };
  }

  /** Under every key, the writing one first; none of what cannot be a state and a cookie of ours. */
  hashesOf(state: string, browserToken: string): FlowHashes[] {
    const browserHashes = this.browsers.hashesOf(browserToken);
    return this.states.hashesOf(state).flatMap((stateHash, index) => {
      const browserHash = browserHashes[index];
      return browserHash ? [{ stateHash, browserHash }] : [];
    });
  }

  /** What a flow was begun with. @param stateHash that it was found by */
  secretsOf(state: string, stateHash: Buffer): FlowSecrets {
    const index = this.states.hashesOf(state).findIndex((hash) => hash.equals(stateHash));
    const key = this.keys[index];
    if (!key) throw new Error('No key of TOKEN_PEPPER fits the flow.');
    return secretsUnder(key, state);
  }
}

function secretsUnder([nonceKey, verifierKey]: readonly [Buffer, Buffer], state: string): FlowSecrets {
  return {
    state,
    nonce: hmacSha256(nonceKey, state).toString('base64url'),
    codeVerifier: hmacSha256(verifierKey, state).toString('base64url'),
  };
}
