import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared, type Statement } from '../../../database/prepared.js';

/** An identity as its owner may see it. */
export interface IdentityRow {
  id: number;
  provider: string;
  issuer: string;
  email: string | null;
  createdAt: Date;
  lastLoginAt: Date | null;
}

export interface OwnIdentityRow extends IdentityRow {
  subject: string;
}

export interface IdentityKey {
  issuer: string;
  subject: string;
}

export interface NewIdentity extends IdentityKey {
  userId: number;
  provider: string;
  email: string | null;
}

const COLUMNS = `id, provider, issuer, email, created_at AS "createdAt", last_login_at AS "lastLoginAt"`;

const FIND_OWNER: Statement = {
  name: 'identities.find-owner',
  text: `SELECT id, user_id AS "userId" FROM identities WHERE issuer = $1 AND subject = $2`,
};

const USE: Statement = {
  name: 'identities.use',
  text: `UPDATE identities SET last_login_at = now(), provider = $3 WHERE id = $1 AND user_id = $2 RETURNING id`,
};

@Injectable()
export class IdentitiesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Whose an identity is. */
  async findOwner(
    { issuer, subject }: IdentityKey,
    manager?: EntityManager,
  ): Promise<{ id: number; userId: number } | undefined> {
    const rows = await runPrepared<{ id: number; userId: number }>(manager ?? this.dataSource, FIND_OWNER, [
      issuer,
      subject,
    ]);
    return rows[0];
  }

  /** @returns undefined when somebody has this identity already */
  async addOnce(
    manager: EntityManager,
    { userId, provider, issuer, subject, email }: NewIdentity,
  ): Promise<IdentityRow | undefined> {
    const [row] = await manager.query<IdentityRow[]>(
      `INSERT INTO identities (user_id, provider, issuer, subject, email) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (issuer, subject) DO NOTHING RETURNING ${COLUMNS}`,
      [userId, provider, issuer, subject, email],
    );
    return row;
  }

  /** Where the caller has it. */
  async findOwned(
    manager: EntityManager,
    userId: number,
    { issuer, subject }: IdentityKey,
  ): Promise<IdentityRow | undefined> {
    const [row] = await manager.query<IdentityRow[]>(
      `SELECT ${COLUMNS} FROM identities WHERE user_id = $1 AND issuer = $2 AND subject = $3`,
      [userId, issuer, subject],
    );
    return row;
  }

  /**
   * Notes a login.
   * @param provider its name now: the operator may have given it another one
   * @returns whether it is still the account's
   */
  async use(
    manager: EntityManager,
    { id, userId }: { id: number; userId: number },
    provider: string,
  ): Promise<boolean> {
    return (await runPrepared(manager, USE, [id, userId, provider])).length === 1;
  }

  /** Oldest first. */
  listOf(userId: number): Promise<IdentityRow[]> {
    return this.dataSource.query(`SELECT ${COLUMNS} FROM identities WHERE user_id = $1 ORDER BY id`, [
      userId,
    ]);
  }

  /** The same with what the providers call their owner. */
  listWithSubjects(userId: number, afterId: number, limit: number): Promise<OwnIdentityRow[]> {
    return this.dataSource.query(
      `SELECT ${COLUMNS}, subject FROM identities WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [userId, afterId, limit],
    );
  }

  async count(manager: EntityManager, userId: number): Promise<number> {
    const [row] = await manager.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM identities WHERE user_id = $1`,
      [userId],
    );
    return row?.count ?? 0;
  }

  /** Whether one of these providers logs in to the account. */
  async hasAnyOf(manager: EntityManager, userId: number, providers: readonly string[]): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT FROM identities WHERE user_id = $1 AND provider = ANY ($2::text[]) LIMIT 1`,
      [userId, providers],
    );
    return rows.length > 0;
  }

  /** @returns the provider of what was removed; undefined where it is nobody's, or somebody else's */
  async removeOwned(manager: EntityManager, userId: number, id: number): Promise<string | undefined> {
    const [rows] = await manager.query<[{ provider: string }[], number]>(
      `DELETE FROM identities WHERE id = $2 AND user_id = $1 RETURNING provider`,
      [userId, id],
    );
    return rows[0]?.provider;
  }

  /** @returns what was removed */
  async removeSince(
    manager: EntityManager,
    userId: number,
    since: Date,
  ): Promise<{ id: number; provider: string }[]> {
    const [rows] = await manager.query<[{ id: number; provider: string }[], number]>(
      `DELETE FROM identities WHERE user_id = $1 AND created_at >= $2 RETURNING id, provider`,
      [userId, since],
    );
    return rows;
  }
}
