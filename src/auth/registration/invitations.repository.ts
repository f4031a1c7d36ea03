import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Role } from '../../common/http/principal.js';

export const INVITATION_STATES = ['open', 'used', 'revoked', 'expired'] as const;
export type InvitationState = (typeof INVITATION_STATES)[number];

export interface NewInvitation {
  tokenHash: Buffer;
  email: string | null;
  emailNormalized: string | null;
  role: Role;
  createdBy: number;
  lifetimeHours: number;
}

export interface InvitationRow {
  id: number;
  email: string | null;
  role: Role;
  state: InvitationState;
  createdBy: number;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
  usedBy: number | null;
}

/** What somebody may do who shows an invitation. */
export interface OpenInvitation {
  id: number;
  role: Role;
}

/** Only an admin can let people in, also later: who is none any more has invited nobody. */
const INVITER_IS_ADMIN = `EXISTS (SELECT FROM users u WHERE u.id = i.created_by AND u.role = 'admin' AND u.is_active)`;

const STATE = `CASE WHEN i.used_at IS NOT NULL THEN 'used'
                    WHEN i.revoked_at IS NOT NULL OR NOT ${INVITER_IS_ADMIN} THEN 'revoked'
                    WHEN i.expires_at <= now() THEN 'expired'
                    ELSE 'open' END`;

const COLUMNS = `i.id, i.email, i.role, ${STATE} AS state, i.created_by AS "createdBy", i.created_at AS "createdAt",
  i.expires_at AS "expiresAt", i.used_at AS "usedAt", i.used_by AS "usedBy"`;

/** For how long the list still tells of an invitation that has ended. */
const TOLD_FOR = `interval '30 days'`;

@Injectable()
export class InvitationsRepository {
  constructor(private readonly dataSource: DataSource) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  async add(manager: EntityManager, invitation: NewInvitation): Promise<InvitationRow> {
    const [row] = await manager.query<InvitationRow[]>(
      `WITH i AS (
         INSERT INTO invitations (token_hash, email, email_normalized, role, created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + make_interval(hours => $6)) RETURNING *
       )
       SELECT ${COLUMNS} FROM i`,
      [
        invitation.tokenHash,
        invitation.email,
        invitation.emailNormalized,
        invitation.role,
        invitation.createdBy,
        invitation.lifetimeHours,
      ],
    );
    if (!row) throw new Error('An insert answered no row.');
    return row;
  }

  /** @param hashes of one token, under each key it may have been stored with */
  async findOpen(hashes: Buffer[], emailNormalized: string): Promise<OpenInvitation | undefined> {
    const [row] = await this.dataSource.query<OpenInvitation[]>(
      `SELECT i.id, i.role FROM invitations i
       WHERE i.token_hash = ANY ($1) AND ${STATE} = 'open' AND (i.email_normalized IS NULL OR i.email_normalized = $2)`,
      [hashes, emailNormalized],
    );
    return row;
  }

  /** Of many at once one gets it; the others wait for that one's transaction. @returns whether it was this one. */
  async useOnce(manager: EntityManager, id: number, userId: number): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE invitations i SET used_at = now(), used_by = $2
       WHERE i.id = $1 AND i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now() AND ${INVITER_IS_ADMIN}`,
      [id, userId],
    );
    return count === 1;
  }

  /** @returns whether it was still to be used and not revoked before. */
  async revoke(manager: EntityManager, id: number): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      'UPDATE invitations SET revoked_at = now() WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL',
      [id],
    );
    return count === 1;
  }

  /** Ends what somebody has invited to and nobody has used yet. @returns the ids, ascending */
  async revokeOf(manager: EntityManager, createdBy: number): Promise<number[]> {
    const rows = await manager.query<{ id: number }[]>(
      `WITH revoked AS (
         UPDATE invitations SET revoked_at = now()
         WHERE created_by = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now() RETURNING id
       )
       SELECT id FROM revoked ORDER BY id`,
      [createdBy],
    );
    return rows.map(({ id }) => id);
  }

  async findById(manager: EntityManager, id: number): Promise<InvitationRow | undefined> {
    const [row] = await manager.query<InvitationRow[]>(
      `SELECT ${COLUMNS} FROM invitations i WHERE i.id = $1`,
      [id],
    );
    return row;
  }

  listNewestFirst(
    state: InvitationState | undefined,
    beforeId: number | undefined,
    limit: number,
  ): Promise<InvitationRow[]> {
    return this.dataSource.query<InvitationRow[]>(
      `SELECT ${COLUMNS} FROM invitations i
       WHERE ($1::text IS NULL OR ${STATE} = $1) AND i.id < $2 ORDER BY i.id DESC LIMIT $3`,
      [state ?? null, beforeId ?? Number.MAX_SAFE_INTEGER, limit],
    );
  }

  /** What somebody invited, and by what they came. Oldest first. */
  listOf(userId: number, afterId: number, limit: number): Promise<InvitationRow[]> {
    return this.dataSource.query<InvitationRow[]>(
      `SELECT ${COLUMNS} FROM invitations i
       WHERE (i.created_by = $1 OR i.used_by = $1) AND i.id > $2 ORDER BY i.id LIMIT $3`,
      [userId, afterId, limit],
    );
  }

  /** Forgets whom it was for, some time after an invitation has ended. */
  async deleteEnded(): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM invitations WHERE least(expires_at, used_at, revoked_at) < now() - ${TOLD_FOR}`,
    );
  }
}
