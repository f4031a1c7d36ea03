import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { WrappedUserKey } from '../crypto/note-format/user-key.js';
import { runPrepared, type Statement } from '../database/prepared.js';
import type { SealedNote, SealedTitle } from './seal-note.js';
import type { StoredNote, StoredTitle } from './stored-note.js';

/** A note with its owner's key, which is null only where someone removed it. */
export interface NoteWithKey {
  note: StoredNote;
  userKey: WrappedUserKey | null;
}

interface KeyColumns {
  userKeyId: string | null;
  userWrappedKey: Buffer | null;
  userKeyCommitment: Buffer | null;
}

const KEY_COLUMNS = `k.key_id AS "userKeyId", k.wrapped_key AS "userWrappedKey", k.key_commitment AS "userKeyCommitment"`;

const TITLE_COLUMNS = `n.id, n.user_id AS "userId", n.format, n.mode, n.revision, n.title_revision AS "titleRevision",
  n.content_revision AS "contentRevision", n.sealed_title AS "sealedTitle", n.key_commitment AS "keyCommitment",
  n.created_at AS "createdAt", n.updated_at AS "updatedAt"`;

const FIND_OWNED: Statement = {
  name: 'notes.find-owned',
  text: `SELECT ${TITLE_COLUMNS}, n.key_id AS "keyId", n.kdf, n.kdf_iterations AS "kdfIterations", n.kdf_salt AS "kdfSalt",
                n.wrapped_key AS "wrappedKey", n.sealed_content AS "sealedContent", ${KEY_COLUMNS}
         FROM notes n LEFT JOIN user_keys k ON k.user_id = n.user_id
         WHERE n.user_id = $1 AND n.id = $2`,
};

/** The id is part of what is sealed, so it is drawn before the row exists. */
const RESERVE_ID: Statement = {
  name: 'notes.reserve-id',
  text: `SELECT nextval('notes_id_seq') AS "noteId", ${KEY_COLUMNS}
         FROM (VALUES ($1::bigint)) AS owner (id) LEFT JOIN user_keys k ON k.user_id = owner.id`,
};

const INSERT: Statement = {
  name: 'notes.insert',
  text: `INSERT INTO notes (id, user_id, format, mode, key_id, kdf, kdf_iterations, kdf_salt, wrapped_key, key_commitment,
                            sealed_content, sealed_title, tag_index, revision, title_revision, content_revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $14)
         RETURNING created_at AS "createdAt", updated_at AS "updatedAt"`,
};

const REPLACE: Statement = {
  name: 'notes.replace-if-unchanged',
  text: `UPDATE notes SET format = $3, mode = $4, key_id = $5, kdf = $6, kdf_iterations = $7, kdf_salt = $8, wrapped_key = $9,
                          key_commitment = $10, sealed_content = $11, sealed_title = $12, tag_index = $13, revision = $14,
                          title_revision = $14, content_revision = $14, updated_at = now()
         WHERE id = $1 AND user_id = $2 AND revision = $15
         RETURNING updated_at AS "updatedAt"`,
};

const RETITLE: Statement = {
  name: 'notes.retitle-if-unchanged',
  text: `UPDATE notes SET sealed_title = $3, tag_index = $4, revision = $5, title_revision = $5, updated_at = now()
         WHERE id = $1 AND user_id = $2 AND revision = $6
         RETURNING updated_at AS "updatedAt"`,
};

/** Not a change of the note: revision and time stay. The former wrapping decides between two that do this at once. */
const REWRAP: Statement = {
  name: 'notes.rewrap-if-unchanged',
  text: `UPDATE notes SET kdf = $3, kdf_iterations = $4, kdf_salt = $5, wrapped_key = $6
         WHERE id = $1 AND user_id = $2 AND revision = $7 AND wrapped_key = $8 AND mode = 'personal'`,
};

const LIST: Statement = {
  name: 'notes.list-owned',
  text: `SELECT ${TITLE_COLUMNS} FROM notes n
         WHERE n.user_id = $1 AND n.id < $2 AND ($3::bytea IS NULL OR $3::bytea = ANY (n.tag_index))
         ORDER BY n.id DESC LIMIT $4`,
};

@Injectable()
export class NotesRepository {
  constructor(private readonly dataSource: DataSource) {}

  async findOwned(userId: number, id: number): Promise<NoteWithKey | undefined> {
    const [row] = await runPrepared<StoredNote & KeyColumns>(this.dataSource, FIND_OWNED, [userId, id]);
    return row && { note: row, userKey: wrappedKeyIn(row) };
  }

  /** @returns the id for a note to come, and its owner's key if there is one already. */
  async reserveId(userId: number): Promise<{ noteId: number; userKey: WrappedUserKey | null }> {
    const [row] = await runPrepared<KeyColumns & { noteId: number }>(this.dataSource, RESERVE_ID, [userId]);
    if (!row) throw new Error('A sequence answered no row.');
    return { noteId: row.noteId, userKey: wrappedKeyIn(row) };
  }

  async insert(note: SealedNote): Promise<{ createdAt: Date; updatedAt: Date }> {
    const [row] = await runPrepared<{ createdAt: Date; updatedAt: Date }>(
      this.dataSource,
      INSERT,
      rowValues(note),
    );
    if (!row) throw new Error('An insert answered no row.');
    return row;
  }

  /** Writes content, title and mode, if the row is still at `expected`. @returns when, or undefined if it is not. */
  async replaceIfUnchanged(note: SealedNote, expected: number): Promise<Date | undefined> {
    const values = [...rowValues(note), expected];
    return (await runPrepared<{ updatedAt: Date }>(this.dataSource, REPLACE, values))[0]?.updatedAt;
  }

  /** Writes title and tags, if the row is still the one given. @returns when, or undefined if it is not. */
  async retitleIfUnchanged(stored: StoredNote, title: SealedTitle): Promise<Date | undefined> {
    const values = [
      stored.id,
      stored.userId,
      title.sealedTitle,
      title.tagIndex,
      title.revision,
      stored.revision,
    ];
    return (await runPrepared<{ updatedAt: Date }>(this.dataSource, RETITLE, values))[0]?.updatedAt;
  }

  /** Puts the same data key under another password key, if the row is still the one given. */
  async rewrapIfUnchanged(
    stored: StoredNote,
    { name, iterations, salt }: { name: string; iterations: number; salt: Buffer },
    wrappedKey: Buffer,
  ): Promise<void> {
    const { id, userId, revision, wrappedKey: former } = stored;
    await runPrepared(this.dataSource, REWRAP, [
      id,
      userId,
      name,
      iterations,
      salt,
      wrappedKey,
      revision,
      former,
    ]);
  }

  /** Newest first. `tagIndex` keeps the notes that carry it. */
  listOwned(
    userId: number,
    {
      beforeId,
      tagIndex,
      limit,
    }: { beforeId: number | undefined; tagIndex: Buffer | undefined; limit: number },
  ): Promise<StoredTitle[]> {
    const values = [userId, beforeId ?? Number.MAX_SAFE_INTEGER, tagIndex ?? null, limit];
    return runPrepared<StoredTitle>(this.dataSource, LIST, values);
  }

  async revisionOf(userId: number, id: number): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ revision: number }[]>(
      'SELECT revision FROM notes WHERE user_id = $1 AND id = $2',
      [userId, id],
    );
    return row?.revision;
  }

  /** @param revision delete only this one; undefined: whichever it is. @returns whether there was something to delete. */
  async deleteOwned(userId: number, id: number, revision?: number): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown, number]>(
      'DELETE FROM notes WHERE user_id = $1 AND id = $2 AND ($3::integer IS NULL OR revision = $3)',
      [userId, id, revision ?? null],
    );
    return count === 1;
  }

  async hasAny(manager: EntityManager, userId: number): Promise<boolean> {
    return (
      (await manager.query<unknown[]>('SELECT 1 FROM notes WHERE user_id = $1 LIMIT 1', [userId])).length > 0
    );
  }
}

/** $1 … $14 of INSERT and REPLACE. */
function rowValues(note: SealedNote): unknown[] {
  return [
    note.id,
    note.userId,
    note.format,
    note.mode,
    note.keyId,
    note.kdf?.name ?? null,
    note.kdf?.iterations ?? null,
    note.kdf?.salt ?? null,
    note.wrappedKey,
    note.keyCommitment,
    note.sealedContent,
    note.sealedTitle,
    note.tagIndex,
    note.revision,
  ];
}

function wrappedKeyIn({ userKeyId, userWrappedKey, userKeyCommitment }: KeyColumns): WrappedUserKey | null {
  if (userKeyId === null || userWrappedKey === null || userKeyCommitment === null) return null;
  return { keyId: userKeyId, wrappedKey: userWrappedKey, keyCommitment: userKeyCommitment };
}
