import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { WrappedUserKey } from '../crypto/note-format/user-key.js';
import { runPrepared, type Statement } from '../database/prepared.js';

export interface UserKeyRow extends WrappedUserKey {
  readonly userId: number;
}

const COLUMNS = `user_id AS "userId", key_id AS "keyId", wrapped_key AS "wrappedKey", key_commitment AS "keyCommitment"`;

const FIND: Statement = {
  name: 'user-keys.find',
  text: `SELECT ${COLUMNS} FROM user_keys WHERE user_id = $1`,
};

@Injectable()
export class UserKeysRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(userId: number): Promise<WrappedUserKey | undefined> {
    return (await runPrepared<UserKeyRow>(this.dataSource, FIND, [userId]))[0];
  }

  /** Gives a user this key, unless there is one. @returns the key that is stored: of many at once, the first. */
  async addOnce(
    userId: number,
    { keyId, wrappedKey, keyCommitment }: WrappedUserKey,
  ): Promise<WrappedUserKey> {
    const [row] = await this.dataSource.query<UserKeyRow[]>(
      `INSERT INTO user_keys (user_id, key_id, wrapped_key, key_commitment) VALUES ($1, $2, $3, $4)
       ON CONFLICT (user_id) DO UPDATE SET key_id = user_keys.key_id
       RETURNING ${COLUMNS}`,
      [userId, keyId, wrappedKey, keyCommitment],
    );
    if (!row) throw new Error('An upsert answered no row.');
    return row;
  }

  async keyIdsInUse(): Promise<string[]> {
    // From one id to the next by the index: DISTINCT would read every row, and /ready asks often.
    const rows = await this.dataSource.query<{ keyId: string }[]>(
      `WITH RECURSIVE found AS (
         SELECT min(key_id) AS key_id FROM user_keys
         UNION ALL
         SELECT (SELECT min(key_id) FROM user_keys WHERE key_id > found.key_id) FROM found WHERE found.key_id IS NOT NULL
       )
       SELECT key_id AS "keyId" FROM found WHERE key_id IS NOT NULL`,
    );
    return rows.map(({ keyId }) => keyId);
  }

  /** Locks up to `limit` keys that another entry than `keyId` wraps, but for those that another process has locked. */
  lockWrappedByOthers(
    manager: EntityManager,
    keyId: string,
    limit: number,
    exceptUserIds: number[],
  ): Promise<UserKeyRow[]> {
    return manager.query<UserKeyRow[]>(
      `SELECT ${COLUMNS} FROM user_keys
       WHERE key_id <> $1 AND user_id <> ALL ($3::bigint[])
       ORDER BY user_id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [keyId, limit, exceptUserIds],
    );
  }

  /** Stores keys that were wrapped again; their commitments stay. */
  async rewrap(manager: EntityManager, rows: UserKeyRow[]): Promise<void> {
    await manager.query(
      `UPDATE user_keys k SET key_id = r.key_id, wrapped_key = r.wrapped_key
       FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS r (user_id, key_id, wrapped_key)
       WHERE k.user_id = r.user_id`,
      [rows.map((row) => row.userId), rows.map((row) => row.keyId), rows.map((row) => row.wrappedKey)],
    );
  }
}
