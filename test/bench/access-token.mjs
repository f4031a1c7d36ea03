// Access tokens in the service's own form (JWT, HS256, `at+jwt`), at the least cost that is still safe.
import { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, randomUUID, timingSafeEqual } from 'node:crypto';
import { deriveSubkey } from '../../dist/crypto/derive-subkey.js';
import { parseKeyRing } from '../../dist/crypto/parse-key-ring.js';
import { PUBLIC_URL } from './settings.mjs';

const AUDIENCE = 'mc101';
const LIFETIME_SECONDS = 900;

/** Signs and verifies with the first key of a `JWT_SECRET_KEY` ring. */
export class AccessTokens {
  constructor(ringValue) {
    const { current } = parseKeyRing('JWT_SECRET_KEY', ringValue);
    // A KeyObject: Node takes several times as long with a key in a Buffer.
    this.key = createSecretKey(deriveSubkey(current, 'mc101/jwt/v1'));
    this.header = encode({ alg: 'HS256', typ: 'at+jwt', kid: current.id });
  }

  issue({ userId, sessionId }) {
    const now = Math.floor(Date.now() / 1000);
    const payload = encode({
      sid: sessionId,
      jti: randomUUID(),
      iat: now,
      exp: now + LIFETIME_SECONDS,
      sub: String(userId),
      iss: PUBLIC_URL,
      aud: AUDIENCE,
    });
    const signed = `${this.header}.${payload}`;
    return `${signed}.${this.sign(signed).toString('base64url')}`;
  }

  /** @returns the claims, or undefined for anything that is not a token of ours, in force now. */
  verify(token) {
    const [header, payload, signature, ...rest] = token.split('.');
    if (header !== this.header || signature === undefined || rest.length > 0) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const wanted = this.sign(`${header}.${payload}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (claims.iss !== PUBLIC_URL || claims.aud !== AUDIENCE || claims.exp <= Date.now() / 1000)
      return undefined;
    return { userId: Number(claims.sub), sessionId: claims.sid };
  }

  sign(text) {
    return createHmac('sha256', this.key).update(text).digest();
  }
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
