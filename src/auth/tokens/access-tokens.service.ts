import { createSecretKey, randomUUID, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '../../common/clock.js';
import { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

const AUDIENCE = 'mc101';
const TYPE = 'at+jwt';
const SIGNING_CONTEXT = 'mc101/jwt/v1';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface AccessTokenClaims {
  userId: number;
  sessionId: string;
}

/** Access tokens: JWT, HS256 with a key id, typed `at+jwt` (RFC 9068). What they say counts only while the session lives. */
@Injectable()
export class AccessTokensService {
  private readonly jwt: JwtService;
  private readonly currentKeyId: string;

  constructor(
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {
    const ring = parseKeyRing('JWT_SECRET_KEY', config.secrets.JWT_SECRET_KEY);
    // As key objects: from bytes the library would make one for every token, after trying to read a public key.
    const keys = new Map(
      ring.ids.map((id) => [id, createSecretKey(deriveSubkey(ring.find(id), SIGNING_CONTEXT))]),
    );
    this.currentKeyId = ring.current.id;
    this.jwt = new JwtService({
      // A token that is to be verified is a string, what is to be signed is not one yet.
      secretOrKeyProvider: (_type, subject) =>
        keyNamed(typeof subject === 'string' ? keyIdOf(subject) : this.currentKeyId, keys),
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
      header: { alg: 'HS256', typ: TYPE, kid: this.currentKeyId },
      subject: String(userId),
      issuer: this.config.publicUrl,
      audience: AUDIENCE,
    });
  }

  /** @returns undefined for anything that is not a token of ours, in force now. */
  verify(token: string): AccessTokenClaims | undefined {
    try {
      const { header, payload } = this.jwt.verify<{
        header: { typ?: string };
        payload: Record<string, unknown>;
      }>(token, {
        algorithms: ['HS256'],
        issuer: this.config.publicUrl,
        audience: AUDIENCE,
        clockTimestamp: this.seconds(),
        complete: true,
      });
      const userId = Number(payload['sub']);
      const sessionId = payload['sid'];
      // Without an end a token would last as long as its key.
      if (header.typ !== TYPE || typeof payload['exp'] !== 'number') return undefined;
      if (!Number.isSafeInteger(userId) || typeof sessionId !== 'string' || !UUID.test(sessionId))
        return undefined;
      return { userId, sessionId };
    } catch {
      return undefined;
    }
  }

  private seconds(): number {
    return Math.floor(this.clock.now().getTime() / 1000);
  }
}

/** The `kid` of a token's header, unverified: it only chooses the key that then has to fit. */
function keyIdOf(token: string): unknown {
  const header = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString();
  return (JSON.parse(header) as { kid?: unknown }).kid;
}

function keyNamed(id: unknown, keys: ReadonlyMap<unknown, KeyObject>): KeyObject {
  const key = keys.get(id);
  if (!key) throw new Error('No key has this id.');
  return key;
}
