import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { isConstantTimeEqual } from '../../crypto/constant-time-equal.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { drawRandom } from '../../crypto/draw-random.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

const CONTEXT = 'mc101/web-csrf/v1';
const RANDOM_BYTES = 16;
/** base64url of 16 random bytes and a MAC of 32. */
const TOKEN = /^[A-Za-z0-9_-]{64}$/;

/**
 * Signed double-submit tokens (OWASP, Cross-Site Request Forgery Prevention): 128 random bits and the HMAC-SHA256 of
 * them with the session's id. A token fits one session, and nobody makes one without TOKEN_PEPPER.
 */
@Injectable()
export class CsrfTokensService {
  private readonly currentKey: Buffer;
  /** Of every entry of the ring. */
  private readonly keys: readonly Buffer[];

  constructor(config: AppConfig) {
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    this.currentKey = deriveSubkey(ring.current, CONTEXT);
    this.keys = ring.ids.map((id) => deriveSubkey(ring.find(id), CONTEXT));
  }

  issue(sessionId: string): string {
    const random = drawRandom(RANDOM_BYTES);
    return Buffer.concat([random, macOf(random, sessionId, this.currentKey)]).toString('base64url');
  }

  /** Whether this is a token of that session, under whichever key of the ring. */
  fits(token: string, sessionId: string): boolean {
    return this.keys.some((key) => isMadeWith(key, token, sessionId));
  }

  /** The same token for as long as it is signed with the writing key, so that every tab's copy stays good. */
  renew(token: string, sessionId: string): string {
    return isMadeWith(this.currentKey, token, sessionId) ? token : this.issue(sessionId);
  }
}

function isMadeWith(key: Buffer, token: string, sessionId: string): boolean {
  if (!TOKEN.test(token)) return false;
  const bytes = Buffer.from(token, 'base64url');
  const random = bytes.subarray(0, RANDOM_BYTES);
  return isConstantTimeEqual(bytes.subarray(RANDOM_BYTES), macOf(random, sessionId, key));
}

/** The random part has a fixed length, so that no two pairs are the same bytes. */
function macOf(random: Buffer, sessionId: string, key: Buffer): Buffer {
  return hmacSha256(key, Buffer.concat([random, Buffer.from(sessionId)]));
}
