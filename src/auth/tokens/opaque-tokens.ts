import type { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { drawRandom } from '../../crypto/draw-random.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

const BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Tokens of 256 random bits, base64url, of which nothing is stored but a keyed hash under TOKEN_PEPPER. */
export class OpaqueTokens {
  /** The first writes, all read: a token outlives a rotation. */
  private readonly keys: readonly [Buffer, ...Buffer[]];

  /** @param context of the subkey: no kind of token is ever taken for another */
  constructor(config: AppConfig, context: string) {
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    this.keys = ring.ids.map((id) => deriveSubkey(ring.find(id), context)) as [Buffer, ...Buffer[]];
  }

  draw(): { token: string; hash: Buffer } {
    const token = drawRandom(BYTES).toString('base64url');
    return { token, hash: hmacSha256(this.keys[0], token) };
  }

  /** Under every key of the ring, the writing one first; none of what cannot be a token. */
  hashesOf(token: string): Buffer[] {
    return TOKEN.test(token) ? this.keys.map((key) => hmacSha256(key, token)) : [];
  }

  /** Whether this has the form of a token; it says nothing of whether it is one of ours. */
  static isToken(text: string): boolean {
    return TOKEN.test(text);
  }
}
