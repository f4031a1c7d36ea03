import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { MailOutcome } from './mail-message.entity.js';

export interface NewMessage {
  id: string;
  eventKey: string;
  kind: string;
  keyId: string;
  sealed: Buffer;
  expiresAt: Date | null;
}

/** A letter that is not over. */
export interface OpenMessage {
  id: string;
  kind: string;
  keyId: string;
  sealed: Buffer;
  createdAt: Date;
  hasExpired: boolean;
}

const OPEN_COLUMNS = `id, kind, key_id AS "keyId", sealed, created_at AS "createdAt",
  coalesce(expires_at <= now(), false) AS "hasExpired"`;

/** For how long it is known that an event was told already. */
const REMEMBERED_FOR = `interval '30 days'`;
/** Longer than any job lives: what is still open then has none any more. */
const ABANDONED_AFTER = `interval '30 days'`;

@Injectable()
export class MailMessagesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns false when a letter about this event was enqueued before */
  async add(manager: EntityManager, message: NewMessage): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `INSERT INTO mail_messages (id, event_key, kind, key_id, sealed, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (event_key) DO NOTHING RETURNING id`,
      [message.id, message.eventKey, message.kind, message.keyId, message.sealed, message.expiresAt],
    );
    return rows.length === 1;
  }

  /** The first of these events that no letter tells of. */
  async firstUntold(manager: EntityManager, eventKeys: readonly string[]): Promise<string | undefined> {
    const [row] = await manager.query<{ key: string }[]>(
      `SELECT key FROM unnest($1::text[]) WITH ORDINALITY AS asked (key, place)
       WHERE NOT EXISTS (SELECT FROM mail_messages m WHERE m.event_key = asked.key) ORDER BY place LIMIT 1`,
      [eventKeys],
    );
    return row?.key;
  }

  /** Undefined once it is over. */
  async findOpen(id: string): Promise<OpenMessage | undefined> {
    const [row] = await this.dataSource.query<OpenMessage[]>(
      `SELECT ${OPEN_COLUMNS} FROM mail_messages WHERE id = $1 AND outcome IS NULL`,
      [id],
    );
    return row;
  }

  /** Oldest first. */
  listOpen(ids?: readonly string[]): Promise<OpenMessage[]> {
    return this.dataSource.query(
      `SELECT ${OPEN_COLUMNS} FROM mail_messages
       WHERE outcome IS NULL AND ($1::uuid[] IS NULL OR id = ANY ($1)) ORDER BY created_at, id`,
      [ids ?? null],
    );
  }

  /** Notes what became of it and erases what it said, in one statement. */
  async finish(id: string, outcome: MailOutcome): Promise<void> {
    await this.dataSource.query(
      `UPDATE mail_messages SET outcome = $2, finished_at = now(), sealed = NULL, key_id = NULL
       WHERE id = $1 AND outcome IS NULL`,
      [id, outcome],
    );
  }

  /** Erases what nothing will send any more and forgets what was over long ago. */
  async sweep(): Promise<void> {
    await this.dataSource.query(
      `UPDATE mail_messages SET outcome = 'expired', finished_at = now(), sealed = NULL, key_id = NULL
       WHERE outcome IS NULL AND (expires_at <= now() OR created_at < now() - ${ABANDONED_AFTER})`,
    );
    await this.dataSource.query(
      `DELETE FROM mail_messages WHERE outcome IS NOT NULL AND finished_at < now() - ${REMEMBERED_FOR}`,
    );
  }

  async keyIdsInUse(): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      'SELECT DISTINCT key_id AS id FROM mail_messages WHERE key_id IS NOT NULL',
    );
    return rows.map(({ id }) => id);
  }

  /** Seals up to `limit` open letters anew that are under another key, skipping those another process holds. */
  async resealBatch(
    manager: EntityManager,
    keyId: string,
    limit: number,
    reseal: (message: Pick<OpenMessage, 'id' | 'kind' | 'keyId' | 'sealed'>) => Buffer,
  ): Promise<number> {
    const stale = await manager.query<OpenMessage[]>(
      `SELECT id, kind, key_id AS "keyId", sealed FROM mail_messages
       WHERE key_id IS NOT NULL AND key_id <> $1 LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [keyId, limit],
    );
    for (const message of stale)
      await manager.query('UPDATE mail_messages SET key_id = $2, sealed = $3 WHERE id = $1', [
        message.id,
        keyId,
        reseal(message),
      ]);
    return stale.length;
  }
}
