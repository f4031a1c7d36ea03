import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

export interface NewEmailRevert {
  tokenHash: Buffer;
  userId: number;
  email: string;
  emailNormalized: string;
  /** The one that moves the account. */
  sessionId: string;
}

export interface FoundEmailRevert {
  id: number;
  userId: number;
  email: string;
  trustedUntil: Date;
}

export interface ListedEmailRevert {
  id: number;
  email: string;
  createdAt: Date;
  expiresAt: Date;
}

/** For how long an address that was left leads back. */
export const REVERT_DAYS = 7;

@Injectable()
export class EmailRevertsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns the id, and the end, after which nothing leads back any more */
  async add(manager: EntityManager, revert: NewEmailRevert): Promise<{ id: number; expiresAt: Date }> {
    const [row] = await manager.query<{ id: number; expiresAt: Date }[]>(
      `INSERT INTO email_reverts (token_hash, user_id, email, email_normalized, expires_at, trusted_until)
       VALUES ($1, $2, $3, $4, now() + make_interval(days => $5),
               coalesce((SELECT created_at FROM sessions WHERE id = $6), now())) RETURNING id, expires_at AS "expiresAt"`,
      [revert.tokenHash, revert.userId, revert.email, revert.emailNormalized, REVERT_DAYS, revert.sessionId],
    );
    if (!row) throw new Error('An insert answered no row.');
    return row;
  }

  /** @param hashes of one token, under each key it may have been stored with */
  async find(hashes: readonly Buffer[]): Promise<FoundEmailRevert | undefined> {
    const [row] = await this.dataSource.query<FoundEmailRevert[]>(
      `SELECT id, user_id AS "userId", email, trusted_until AS "trustedUntil"
       FROM email_reverts WHERE token_hash = ANY ($1) AND expires_at > now()`,
      [hashes],
    );
    return row;
  }

  /** Uses a way back up, and with it every later one of the account. @returns false when it ended meanwhile */
  async use(manager: EntityManager, { id, userId }: FoundEmailRevert): Promise<boolean> {
    const [ended] = await manager.query<[{ id: number }[], number]>(
      `DELETE FROM email_reverts r WHERE user_id = $2 AND id >= $1
         AND EXISTS (SELECT FROM email_reverts own WHERE own.id = $1 AND own.expires_at > now()) RETURNING id`,
      [id, userId],
    );
    return ended.some((one) => one.id === id);
  }

  /** Whether an address is kept free for somebody who left it, other than this account. */
  async isKeptForAnother(manager: EntityManager, emailNormalized: string, userId: number): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT 1 FROM email_reverts WHERE email_normalized = $1 AND user_id <> $2 AND expires_at > now() LIMIT 1`,
      [emailNormalized, userId],
    );
    return rows.length > 0;
  }

  /** Oldest first. */
  listOf(userId: number, afterId: number, limit: number): Promise<ListedEmailRevert[]> {
    return this.dataSource.query<ListedEmailRevert[]>(
      `SELECT id, email, created_at AS "createdAt", expires_at AS "expiresAt" FROM email_reverts
       WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [userId, afterId, limit],
    );
  }

  async deleteEnded(): Promise<void> {
    await this.dataSource.query('DELETE FROM email_reverts WHERE expires_at <= now()');
  }
}
