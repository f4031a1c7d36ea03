import { createSecretKey, randomUUID, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '../../common/clock.js';
import { UUID } from '../../common/http/id-param.pipe.js';
import { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

const AUDIENCE = 'mc101';
const TYPE = 'at+jwt';
const SIGNING_CONTEXT = 'mc101/jwt/v1';

export interface AccessTokenClaims {
  userId: number;
  sessionId: string;
}

/** Access tokens: JWT, HS256 with a key id, typed `at+jwt` (RFC 9068). What they say counts only while the session lives. */
@Injectable()
export class AccessTokensService {
  private readonly jwt: JwtService;
  private readonly currentKeyId: string;
  private readonly keysByHeader: ReadonlyMap<string, KeyObject>;

  constructor(
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {
    const ring = parseKeyRing('JWT_SECRET_KEY', config.secrets.JWT_SECRET_KEY);
    // As key objects: from bytes the library would make one for every token, after trying to read a public key.
    this.keysByHeader = new Map(
      ring.ids.map((id) => [encodeHeader(id), createSecretKey(deriveSubkey(ring.find(id), SIGNING_CONTEXT))]),
    );
    this.currentKeyId = ring.current.id;
    this.jwt = new JwtService({
      // A token that is to be verified is a string, what is to be signed is not one yet.
      secretOrKeyProvider: (_type, subject) =>
        this.keyFor(typeof subject === 'string' ? headerIn(subject) : encodeHeader(this.currentKeyId)),
    });
  }

  issue({ userId, sessionId }: AccessTokenClaims): string {
    const now = this.seconds();
    const payload = {
      sid: sessionId,
      jti: randomUUID(),
      iat: now,
      exp: now + this.config.accessTokenSeconds,
    };
    return this.jwt.sign(payload, {
      algorithm: 'HS256',
      header: headerOf(this.currentKeyId),
      subject: String(userId),
      issuer: this.config.publicUrl,
      audience: AUDIENCE,
    });
  }

  /** @returns undefined for anything that is not a token of ours, in force now. */
  verify(token: string): AccessTokenClaims | undefined {
    try {
      const payload = this.jwt.verify<Record<string, unknown>>(token, {
        algorithms: ['HS256'],
        issuer: this.config.publicUrl,
        audience: AUDIENCE,
        clockTimestamp: this.seconds(),
      });
      const userId = Number(payload['sub']);
      const sessionId = payload['sid'];
      // Without an end a token would last as long as its key.
      if (typeof payload['exp'] !== 'number') return undefined;
      if (!Number.isSafeInteger(userId) || typeof sessionId !== 'string' || !UUID.test(sessionId))
        return undefined;
      return { userId, sessionId };
    } catch {
      return undefined;
    }
  }

  /**
   * A header is one that this service writes, to the letter. So nothing in it is ever followed (`jku`, `x5u`, `jwk`), no
   * other type or algorithm is taken, and no extension that is declared critical is passed over (RFC 7515 section 4.1.11).
   */
  private keyFor(header: string): KeyObject {
    const key = this.keysByHeader.get(header);
    if (!key) throw new Error('This is not a header of ours.');
    return key;
  }

  private seconds(): number {
    return Math.floor(this.clock.now().getTime() / 1000);
  }
}

/** In the order in which the library writes it. */
function headerOf(keyId: string) {
  return { alg: 'HS256' as const, typ: TYPE, kid: keyId };
}

function encodeHeader(keyId: string): string {
  return Buffer.from(JSON.stringify(headerOf(keyId))).toString('base64url');
}

/** The header of a token as it is encoded, unverified: it only chooses the key that then has to fit. */
function headerIn(token: string): string {
  return token.slice(0, token.indexOf('.'));
}
