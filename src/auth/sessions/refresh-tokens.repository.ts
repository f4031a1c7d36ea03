import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runPrepared, type Statement } from '../../database/prepared.js';
import type { ClientInfo } from '../client-info.decorator.js';
import type { Lifetimes } from './lifetimes.js';

export interface Rotation extends ClientInfo {
  /** One for each key that the token may be stored under. */
  hashes: Buffer[];
  successorSalt: Buffer;
  successorHash: Buffer;
}

export interface SessionOfToken {
  sessionId: string;
  userId: number;
}

export interface UsedToken extends SessionOfToken {
  successorSalt: Buffer;
  successorHash: Buffer;
  /** Used a moment ago, and what followed it was not used yet: its client may not have heard the answer. */
  isRepeat: boolean;
}

/** So long after its use a refresh token may come again: a lost answer, two tabs. */
const REPEAT_SECONDS = 10;

const ALIVE = `s.revoked_at IS NULL AND s.expires_at > now() AND s.created_at + make_interval(secs => $2) > now() AND u.is_active`;

/**
 * The one statement that decides who of many uses a token. The session is locked before its tokens, as by everything
 * else that touches both. Answers the time in any case: what comes too late is judged by when it came, not by how long
 * it waited for the lock.
 */
const ROTATE: Statement = {
  name: 'refresh-tokens.rotate',
  text: `WITH alive AS (
           SELECT s.id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
           WHERE t.token_hash = ANY($1::bytea[]) AND t.used_at IS NULL AND ${ALIVE}
           FOR NO KEY UPDATE OF s
         ), used AS (
           UPDATE refresh_tokens t SET used_at = now(), successor_salt = $4, successor_hash = $5
           FROM alive WHERE t.token_hash = ANY($1::bytea[]) AND t.session_id = alive.id AND t.used_at IS NULL
           RETURNING t.session_id
         ), successor AS (
           INSERT INTO refresh_tokens (token_hash, session_id) SELECT $5, session_id FROM used
         ), renewed AS (
           UPDATE sessions s
           SET last_seen_at = now(), ip = coalesce($6::inet, s.ip), user_agent = coalesce($7::text, s.user_agent),
               expires_at = least(now() + make_interval(secs => $3), s.created_at + make_interval(secs => $2))
           FROM used WHERE s.id = used.session_id RETURNING s.id, s.user_id
         )
         SELECT now()::text AS at, renewed.id, renewed.user_id FROM (SELECT) AS always LEFT JOIN renewed ON true`,
};

const FIND_USED: Statement = {
  name: 'refresh-tokens.find-used',
  text: `SELECT t.session_id, s.user_id, t.successor_salt, t.successor_hash,
                t.used_at >= $3::timestamptz - interval '${REPEAT_SECONDS} seconds' AND n.used_at IS NULL AS is_repeat
         FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
         LEFT JOIN refresh_tokens n ON n.token_hash = t.successor_hash
         WHERE t.token_hash = ANY($1::bytea[]) AND t.used_at IS NOT NULL AND ${ALIVE}`,
};

const FIND_UNUSED: Statement = {
  name: 'refresh-tokens.find-unused',
  text: `SELECT s.user_id
         FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
         WHERE t.token_hash = ANY($1::bytea[]) AND t.used_at IS NULL AND ${ALIVE}`,
};

interface RotatedRow {
  at: string;
  id: string | null;
  user_id: number | null;
}

interface UsedRow {
  session_id: string;
  user_id: number;
  successor_salt: Buffer;
  successor_hash: Buffer;
  is_repeat: boolean;
}

@Injectable()
export class RefreshTokensRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Uses a token, puts its successor in its place and renews the session, if the token is unused and the session alive.
   * @returns when the database was asked, and the session if the token was used by this call
   */
  async rotate(
    { hashes, successorSalt, successorHash, ip, userAgent }: Rotation,
    { idleSeconds, absoluteSeconds }: Lifetimes,
  ): Promise<{ at: string; session: SessionOfToken | undefined }> {
    const [row] = await runPrepared<RotatedRow>(this.dataSource, ROTATE, [
      hashes,
      absoluteSeconds,
      idleSeconds,
      successorSalt,
      successorHash,
      ip,
      userAgent,
    ]);
    if (!row) throw new Error('The rotation of a refresh token was not answered.');
    const { at, id, user_id: userId } = row;
    return { at, session: id === null || userId === null ? undefined : { sessionId: id, userId } };
  }

  /** @returns whose session an unused token would renew, if it is alive */
  async findOwner(hashes: Buffer[], { absoluteSeconds }: Lifetimes): Promise<number | undefined> {
    const [row] = await runPrepared<{ user_id: number }>(this.dataSource, FIND_UNUSED, [
      hashes,
      absoluteSeconds,
    ]);
    return row?.user_id;
  }

  /** @returns a token of a session that is alive, if it was used already; `isRepeat` as of the time given */
  async findUsed(
    hashes: Buffer[],
    { absoluteSeconds }: Lifetimes,
    at: string,
  ): Promise<UsedToken | undefined> {
    const [row] = await runPrepared<UsedRow>(this.dataSource, FIND_USED, [hashes, absoluteSeconds, at]);
    return (
      row && {
        sessionId: row.session_id,
        userId: row.user_id,
        successorSalt: row.successor_salt,
        successorHash: row.successor_hash,
        isRepeat: row.is_repeat,
      }
    );
  }

  /** The session of a token, used or not. */
  async findSession(hashes: Buffer[]): Promise<SessionOfToken | undefined> {
    const [row] = await this.dataSource.query<{ id: string; user_id: number }[]>(
      `SELECT s.id, s.user_id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
       WHERE t.token_hash = ANY($1::bytea[])`,
      [hashes],
    );
    return row && { sessionId: row.id, userId: row.user_id };
  }
}
