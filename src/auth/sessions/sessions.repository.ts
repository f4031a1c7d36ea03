import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Principal, Role } from '../../common/http/principal.js';
import { runPrepared, type Statement } from '../../database/prepared.js';

export interface NewSession {
  userId: number;
  /** The hash that the login verified: a session begins only while it is still the account's. */
  verifiedHash: string;
  lifetimeSeconds: number;
  ip: string | null;
  userAgent: string | null;
  refreshTokenHash: Buffer;
}

/** The session, its user and the user's role, in one round trip: what every authenticated request asks. */
const FIND_PRINCIPAL: Statement = {
  name: 'sessions.find-principal',
  text: `SELECT u.id, u.name, u.email, u.username, u.role, u.email_verified_at IS NOT NULL AS email_verified, u.voter_key,
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
  voter_key: string;
  created_at: Date;
  expires_at: Date;
  authenticated_seconds_ago: number;
}

const BEGIN_SESSION: Statement = {
  name: 'sessions.begin',
  text: `WITH session AS (
           INSERT INTO sessions (user_id, ip, user_agent, expires_at)
           SELECT id, $4::inet, $5, now() + make_interval(secs => $3) FROM users
           WHERE id = $1 AND password_hash = $2 AND is_active FOR SHARE
           RETURNING id
         )
         INSERT INTO refresh_tokens (token_hash, session_id) SELECT $6, id FROM session RETURNING session_id AS id`,
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
        voterKey: row.voter_key,
        createdAt: row.created_at,
        session: {
          id: sessionId,
          expiresAt: row.expires_at,
          authenticatedSecondsAgo: row.authenticated_seconds_ago,
        },
      }
    );
  }

  /** @returns the session's id, or undefined when the account was disabled or its password changed meanwhile. */
  async begin(session: NewSession): Promise<string | undefined> {
    const [row] = await runPrepared<{ id: string }>(this.dataSource, BEGIN_SESSION, [
      session.userId,
      session.verifiedHash,
      session.lifetimeSeconds,
      session.ip,
      session.userAgent,
      session.refreshTokenHash,
    ]);
    return row?.id;
  }

  async revoke(sessionId: string, reason: string): Promise<void> {
    await this.dataSource.query(
      'UPDATE sessions SET revoked_at = now(), revoked_reason = $2 WHERE id = $1 AND revoked_at IS NULL',
      [sessionId, reason],
    );
  }

  /** Ends every session of a user, but for one where the caller names it. */
  async revokeAll(
    manager: EntityManager,
    userId: number,
    reason: string,
    exceptSessionId: string | null = null,
  ): Promise<void> {
    await manager.query(
      `UPDATE sessions SET revoked_at = now(), revoked_reason = $2
       WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $3::uuid`,
      [userId, reason, exceptSessionId],
    );
  }
}
