import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Principal, Role } from '../../common/http/principal.js';
import { runPrepared, type Statement } from '../../database/prepared.js';
import type { Lifetimes } from './lifetimes.js';
import type { ListedSession, SessionPosition } from './sessions.dto.js';

export interface NewSession {
  userId: number;
  /** The hash that the login verified: a session begins only while it is still the account's. None: it was no password. */
  verifiedHash: string | undefined;
  /** Whether the login counts as one with a second factor, whatever the account has. */
  isMultiFactor: boolean;
  /** When somebody has shown who they are, where that was before this login. */
  authenticatedAt: Date | null;
  ip: string | null;
  userAgent: string | null;
  refreshTokenHash: Buffer;
}

/** The session, its user and the user's role, in one round trip: what every authenticated request asks. */
const FIND_PRINCIPAL: Statement = {
  name: 'sessions.find-principal',
  text: `SELECT u.id, u.name, u.email, u.username, u.role, u.email_verified_at IS NOT NULL AS email_verified, u.pending_email, u.voter_key,
                (s.is_multi_factor OR EXISTS (SELECT FROM mfa_totp m WHERE m.user_id = u.id AND m.confirmed_at IS NOT NULL)) AS has_second_factor,
                u.created_at, s.expires_at, extract(epoch FROM now() - s.authenticated_at)::float8 AS authenticated_seconds_ago
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > now() AND u.is_active`,
};

interface PrincipalRow {
  id: number;
  name: string;
  email: string;
  username: string | null;
  role: Role;
  email_verified: boolean;
  pending_email: string | null;
  voter_key: string;
  has_second_factor: boolean;
  created_at: Date;
  expires_at: Date;
  authenticated_seconds_ago: number;
}

/** The account's row stays locked: of two logins at once the second sees the session that the first began. */
const BEGIN_SESSION: Statement = {
  name: 'sessions.begin',
  text: `WITH session AS (
           INSERT INTO sessions (user_id, ip, user_agent, expires_at, is_multi_factor, authenticated_at)
           SELECT id, $4::inet, $5, now() + make_interval(secs => $3), $7, least(now(), $8) FROM users
           WHERE id = $1 AND ($2::text IS NULL OR password_hash = $2) AND is_active FOR NO KEY UPDATE
           RETURNING id
         )
         INSERT INTO refresh_tokens (token_hash, session_id) SELECT $6, id FROM session RETURNING session_id AS id`,
};

/** A statement of its own, after the account's row is locked: it sees every session that was begun before. */
const END_OLDEST: Statement = {
  name: 'sessions.end-oldest',
  text: `UPDATE sessions SET revoked_at = now(), revoked_reason = $4 WHERE id IN (
           SELECT id FROM sessions WHERE user_id = $1 AND id <> $2::uuid AND revoked_at IS NULL AND expires_at > now()
           ORDER BY created_at DESC, id DESC OFFSET $3)
         AND revoked_at IS NULL RETURNING id`,
};

@Injectable()
export class SessionsRepository {
  constructor(private readonly dataSource: DataSource) {}

  async findPrincipal(sessionId: string, userId: number): Promise<Principal | undefined> {
    const [row] = await runPrepared<PrincipalRow>(this.dataSource, FIND_PRINCIPAL, [sessionId, userId]);
    return (
      row && {
        userId: row.id,
        email: row.email,
        name: row.name,
        username: row.username,
        role: row.role,
        isActive: true,
        emailVerified: row.email_verified,
        pendingEmail: row.pending_email,
        voterKey: row.voter_key,
        hasSecondFactor: row.has_second_factor,
        createdAt: row.created_at,
        session: {
          id: sessionId,
          expiresAt: row.expires_at,
          authenticatedSecondsAgo: row.authenticated_seconds_ago,
        },
      }
    );
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** @returns the session's id, or undefined when the account was disabled or its password changed meanwhile. */
  async begin(
    manager: EntityManager,
    session: NewSession,
    { idleSeconds, absoluteSeconds }: Lifetimes,
  ): Promise<string | undefined> {
    const [row] = await runPrepared<{ id: string }>(manager, BEGIN_SESSION, [
      session.userId,
      session.verifiedHash,
      Math.min(idleSeconds, absoluteSeconds),
      session.ip,
      session.userAgent,
      session.refreshTokenHash,
      session.isMultiFactor,
      session.authenticatedAt,
    ]);
    return row?.id;
  }

  /**
   * Ends the oldest sessions of a user, so that no more than so many are alive with the one that has just begun.
   * @returns the ids of those that ended
   */
  async endOldest(
    manager: EntityManager,
    { userId, sessionId }: { userId: number; sessionId: string },
    most: number,
    reason: string,
  ): Promise<string[]> {
    const ended = await runPrepared<{ id: string }>(manager, END_OLDEST, [
      userId,
      sessionId,
      most - 1,
      reason,
    ]);
    return ended.map(({ id }) => id);
  }

  /** Sessions of a user that are alive, from a position of an earlier page on. */
  async listNewestFirst(
    userId: number,
    position: SessionPosition | undefined,
    limit: number,
  ): Promise<ListedSession[]> {
    return this.dataSource.query<ListedSession[]>(
      `SELECT id, host(ip) AS ip, user_agent AS "userAgent", created_at AS "createdAt",
              micros AS "createdMicros", last_seen_at AS "lastSeenAt", expires_at AS "expiresAt"
       FROM sessions, LATERAL (SELECT (extract(epoch FROM created_at) * 1000000)::bigint AS micros) AS exact
       WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now()
         AND ($2::bigint IS NULL OR (micros, id) < ($2::bigint, $3::uuid))
       ORDER BY micros DESC, id DESC LIMIT $4`,
      [userId, ...(position ?? [null, null]), limit],
    );
  }

  /**
   * Remembers that requests of these sessions came, at most once a minute a session. Rows that somebody else holds are
   * passed over: who holds them has seen the session, too.
   */
  async markSeen(sessionIds: string[]): Promise<void> {
    await this.dataSource.query(
      `UPDATE sessions SET last_seen_at = now() WHERE id IN (
         SELECT id FROM sessions WHERE id = ANY($1::uuid[]) AND last_seen_at < now() - interval '1 minute'
           AND revoked_at IS NULL AND expires_at > now()
         FOR NO KEY UPDATE SKIP LOCKED
       )`,
      [sessionIds],
    );
  }

  /** Notes that a factor was proven just now. @returns false where the session has ended meanwhile */
  async renewAuthentication(manager: EntityManager, userId: number, sessionId: string): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE sessions SET authenticated_at = now()
       WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL AND expires_at > now()`,
      [userId, sessionId],
    );
    return count === 1;
  }

  /** Keeps a session from ending until the transaction does. @returns false where it has ended already */
  async holdAlive(manager: EntityManager, userId: number, sessionId: string): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT 1 FROM sessions WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL AND expires_at > now() FOR SHARE`,
      [userId, sessionId],
    );
    return rows.length === 1;
  }

  async forgetSecondFactor(manager: EntityManager, sessionId: string): Promise<void> {
    await manager.query('UPDATE sessions SET is_multi_factor = false WHERE id = $1 AND is_multi_factor', [
      sessionId,
    ]);
  }

  /** Ends a session of a user. @returns whether it was one, and alive until now */
  async revoke(manager: EntityManager, userId: number, sessionId: string, reason: string): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE sessions SET revoked_at = now(), revoked_reason = $3
       WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL AND expires_at > now()`,
      [userId, sessionId, reason],
    );
    return count === 1;
  }

  /**
   * Ends every session of a user, but for one where the caller names it.
   * @returns how many were alive until now
   */
  async revokeAll(
    manager: EntityManager,
    userId: number,
    reason: string,
    exceptSessionId: string | null,
  ): Promise<number> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE sessions SET revoked_at = now(), revoked_reason = $2
       WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now() AND id IS DISTINCT FROM $3::uuid`,
      [userId, reason, exceptSessionId],
    );
    return count;
  }

  /** Also one that has ended since. */
  async wereSeenWithinADay(manager: EntityManager, userId: number): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT 1 FROM sessions WHERE user_id = $1 AND last_seen_at > now() - interval '24 hours' LIMIT 1`,
      [userId],
    );
    return rows.length > 0;
  }
}
