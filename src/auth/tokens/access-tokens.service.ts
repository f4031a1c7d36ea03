import { randomUUID } from 'node:crypto';
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
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly currentKeyId: string;

  constructor(
    private readonly jwt: JwtService,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {
    const ring = parseKeyRing('JWT_SECRET_KEY', config.secrets.JWT_SECRET_KEY);
    this.keys = new Map(ring.ids.map((id) => [id, deriveSubkey(ring.find(id), SIGNING_CONTEXT)]));
    this.currentKeyId = ring.current.id;
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
      secret: this.keys.get(this.currentKeyId),
      algorithm: 'HS256',
      header: { alg: 'HS256', typ: TYPE, kid: this.currentKeyId },
      subject: String(userId),
      issuer: this.config.publicUrl,
      audience: AUDIENCE,
    });
  }

  /** @returns undefined for anything that is not a token of ours, in force now. */
  verify(token: string): AccessTokenClaims | undefined {
    const key = this.keyOf(token);
    if (!key) return undefined;
    try {
      const { header, payload } = this.jwt.verify<{
        header: { typ?: string };
        payload: Record<string, unknown>;
      }>(token, {
        secret: key,
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

  private keyOf(token: string): Buffer | undefined {
    try {
      const header: unknown = JSON.parse(
        Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString(),
      );
      const { kid } = header as { kid?: unknown };
      return typeof kid === 'string' ? this.keys.get(kid) : undefined;
    } catch {
      return undefined;
    }
  }

  private seconds(): number {
    return Math.floor(this.clock.now().getTime() / 1000);
  }
}
