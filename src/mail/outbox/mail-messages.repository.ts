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

/** What of a letter is sealed, and how. */
export interface SealedMessage {
  id: string;
  kind: string;
  keyId: string;
  sealed: Buffer;
}

/** A letter that is not over. */
export interface OpenMessage extends SealedMessage {
  createdAt: Date;
  hasExpired: boolean;
}

/** A letter of which only that is left if it is over. */
export type KeptMessage = { id: string; kind: string; createdAt: Date } & (
  { outcome: null; keyId: string; sealed: Buffer } | { outcome: MailOutcome; keyId: null; sealed: null }
);

const OPEN_COLUMNS = `id, kind, key_id AS "keyId", sealed, created_at AS "createdAt",
  coalesce(expires_at <= now(), false) AS "hasExpired"`;

/** For how long it is known that an event was told already. */
const REMEMBERED_FOR = `interval '30 days'`;
/** How long the operator may take over a letter that could not be sent. */
const GIVEN_UP_AFTER = `interval '30 days'`;

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
  listOpen(): Promise<OpenMessage[]> {
    return this.dataSource.query(
      `SELECT ${OPEN_COLUMNS} FROM mail_messages WHERE outcome IS NULL ORDER BY created_at, id`,
    );
  }

  /** Oldest first, also those that are over. */
  list(ids: readonly string[]): Promise<KeptMessage[]> {
    return this.dataSource.query(
      `SELECT id, kind, key_id AS "keyId", sealed, created_at AS "createdAt", outcome FROM mail_messages
       WHERE id = ANY ($1::uuid[]) ORDER BY created_at, id`,
      [ids],
    );
  }

  /** Notes what became of it and erases what it said, in one statement. */
  async finish(ids: readonly string[], outcome: MailOutcome): Promise<void> {
    await this.dataSource.query(
      `UPDATE mail_messages SET outcome = $2, finished_at = now(), sealed = NULL, key_id = NULL
       WHERE id = ANY ($1::uuid[]) AND outcome IS NULL`,
      [ids, outcome],
    );
  }

  /**
   * Erases what nothing will send any more and forgets what was over long ago.
   * @returns how many letters were given up that could still have been sent
   */
  async sweep(): Promise<number> {
    await this.dataSource.query(
      `UPDATE mail_messages SET outcome = 'expired', finished_at = now(), sealed = NULL, key_id = NULL
       WHERE outcome IS NULL AND expires_at <= now()`,
    );
    const [, givenUp] = await this.dataSource.query<[unknown, number]>(
      `UPDATE mail_messages SET outcome = 'discarded', finished_at = now(), sealed = NULL, key_id = NULL
       WHERE outcome IS NULL AND created_at < now() - ${GIVEN_UP_AFTER}`,
    );
    await this.dataSource.query(
      `DELETE FROM mail_messages WHERE outcome IS NOT NULL AND finished_at < now() - ${REMEMBERED_FOR}`,
    );
    return givenUp;
  }

  async keyIdsInUse(): Promise<string[]> {
    // By the index of what is open: those that are over, of 30 days, are many more, and /ready asks often.
    const rows = await this.dataSource.query<{ id: string }[]>(
      'SELECT DISTINCT key_id AS id FROM mail_messages WHERE outcome IS NULL',
    );
    return rows.map(({ id }) => id);
  }

  /** Locks up to `limit` open letters that another entry than `keyId` sealed, but for those that another process has locked. */
  lockSealedByOthers(
    manager: EntityManager,
    keyId: string,
    limit: number,
    exceptIds: string[],
  ): Promise<SealedMessage[]> {
    return manager.query<SealedMessage[]>(
      `SELECT id, kind, key_id AS "keyId", sealed FROM mail_messages
       WHERE outcome IS NULL AND key_id <> $1 AND id <> ALL ($3::uuid[])
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [keyId, limit, exceptIds],
    );
  }

  async reseal(manager: EntityManager, messages: readonly SealedMessage[]): Promise<void> {
    await manager.query(
      `UPDATE mail_messages m SET key_id = r.key_id, sealed = r.sealed
       FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS r (id, key_id, sealed) WHERE m.id = r.id`,
      [
        messages.map(({ id }) => id),
        messages.map(({ keyId }) => keyId),
        messages.map(({ sealed }) => sealed),
      ],
    );
  }
}
