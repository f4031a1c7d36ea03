import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared, type Statement } from '../../../database/prepared.js';
import type { LoginChannel } from './mfa-token.entity.js';

interface AwaitedBase {
  userId: number;
  identifier: Buffer;
  failuresBefore: number;
}

interface AwaitedAfterPassword extends AwaitedBase {
  /** The password hash that the login verified: the token is good only while it is still the account's. */
  verifiedHash: string;
  identityId: null;
}

interface AwaitedAfterSocialLogin extends AwaitedBase {
  verifiedHash: null;
  /** The token is good only while this identity is the account's. */
  identityId: number;
}

/** A login that is to wait. */
export type LoginToAwait = AwaitedAfterPassword | AwaitedAfterSocialLogin;

/** A login that waits. */
export type AwaitedLogin = AwaitedAfterPassword | (AwaitedAfterSocialLogin & { provider: string });

export type NewMfaToken = LoginToAwait & {
  tokenHash: Buffer;
  channel: LoginChannel;
  lifetimeSeconds: number;
};

/** So many codes may be tried with one token. */
const MAX_TRIES = 5;

/** Rows that have expired, cleared away with each new one: more than one login makes. */
const SWEPT_AT_ONCE = 10;

const ISSUE: Statement = {
  name: 'mfa-tokens.issue',
  text: `WITH swept AS (
           DELETE FROM mfa_tokens WHERE token_hash IN (
             SELECT token_hash FROM mfa_tokens WHERE expires_at < now()
             ORDER BY expires_at LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)
         )
         INSERT INTO mfa_tokens (token_hash, user_id, password_digest, identity_id, channel, identifier,
                                 failures_before, expires_at)
         SELECT $1, id, sha256(convert_to($3::text, 'UTF8')), $8, $4, $5, $6, now() + make_interval(secs => $7)
         FROM users WHERE id = $2 AND ($3::text IS NULL OR password_hash = $3) AND is_active
         RETURNING user_id`,
};

const GOOD = `t.token_hash = ANY ($1::bytea[]) AND t.channel = $2 AND t.expires_at > now() AND u.id = t.user_id AND u.is_active
              AND (t.identity_id IS NOT NULL OR sha256(convert_to(u.password_hash, 'UTF8')) = t.password_digest)`;

const TRY: Statement = {
  name: 'mfa-tokens.try',
  text: `UPDATE mfa_tokens t SET tries = t.tries + 1 FROM users u
         WHERE ${GOOD} AND t.tries < ${MAX_TRIES}
         RETURNING t.user_id AS "userId", CASE WHEN t.identity_id IS NULL THEN u.password_hash END AS "verifiedHash",
                   t.identity_id AS "identityId",
                   (SELECT provider FROM identities WHERE id = t.identity_id) AS provider,
                   t.identifier, t.failures_before AS "failuresBefore"`,
};

const USE: Statement = {
  name: 'mfa-tokens.use',
  text: `DELETE FROM mfa_tokens t USING users u WHERE ${GOOD} RETURNING t.user_id`,
};

/** Logins that wait for a second factor, by the keyed hashes of their tokens. */
@Injectable()
export class MfaTokensRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns false when the account was disabled or its password changed meanwhile */
  async issue(manager: EntityManager, token: NewMfaToken): Promise<boolean> {
    const rows = await runPrepared(manager, ISSUE, [
      token.tokenHash,
      token.userId,
      token.verifiedHash,
      token.channel,
      token.identifier,
      token.failuresBefore,
      token.lifetimeSeconds,
      token.identityId,
    ]);
    return rows.length === 1;
  }

  /** Counts a try. @returns what the token stands for; undefined where it is not, or no more, good for a try */
  async countTry(hashes: Buffer[], channel: LoginChannel): Promise<AwaitedLogin | undefined> {
    return (await runPrepared<AwaitedLogin>(this.dataSource, TRY, [hashes, channel]))[0];
  }

  /** Of many at once one gets it; the others wait for that one's transaction. @returns whether it was this one. */
  async useOnce(manager: EntityManager, hashes: Buffer[], channel: LoginChannel): Promise<boolean> {
    return (await runPrepared(manager, USE, [hashes, channel])).length === 1;
  }

  async removeAll(manager: EntityManager, userId: number): Promise<void> {
    await manager.query('DELETE FROM mfa_tokens WHERE user_id = $1', [userId]);
  }
}
