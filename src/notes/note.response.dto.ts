import { ApiProperty } from '@nestjs/swagger';
import { encodeCursor } from '../common/http/cursor.js';
import type { NoteTitle } from '../crypto/note-format/seal-title.js';
import type { NoteMode } from '../crypto/note-format/note-binding.js';
import type { StoredTitle } from './stored-note.js';

/** A note as far as a request opened it. */
export interface OpenedNote extends NoteTitle {
  readonly id: number;
  readonly revision: number;
  readonly mode: NoteMode;
  /** undefined where the content stayed sealed. */
  readonly content: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export class NoteResponse {
  /** @example 7 */
  id!: number;

  /** @example "Packing list" */
  title!: string;

  /**
   * Left out where it was not opened: when a personal note is changed without its password.
   * @example "Passport, tickets, the good pen."
   */
  @ApiProperty({ type: String, required: false })
  content?: string;

  /** @example false */
  personal_encryption!: boolean;

  @ApiProperty({ type: [String], example: ['travel', 'ideas'] })
  tags!: readonly string[];

  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: Date;

  /** @example "2026-01-06T18:00:00.000Z" */
  updated_at!: Date;
}

/** A note in a list: without its content. */
export class NoteListItem {
  /** @example 7 */
  id!: number;

  /** Null only together with `unreadable`. */
  @ApiProperty({ type: String, nullable: true, example: 'Packing list' })
  title!: string | null;

  /** @example false */
  personal_encryption!: boolean;

  @ApiProperty({ type: [String], example: ['travel', 'ideas'] })
  tags!: readonly string[];

  /**
   * Grows with every change; the ETag is `"<id>-<revision>"`.
   * @example 3
   */
  revision!: number;

  /** Stands there, true, when the stored form of this note was changed or damaged. */
  @ApiProperty({ type: Boolean, required: false, enum: [true], example: true })
  unreadable?: true;

  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: Date;

  /** @example "2026-01-06T18:00:00.000Z" */
  updated_at!: Date;
}

/** A page of notes, newest first. It may be short, even empty, while `next_cursor` is set. */
export class NotePage {
  items!: NoteListItem[];

  @ApiProperty({ type: String, nullable: true, example: 'Wzdd' })
  next_cursor!: string | null;
}

export function toNoteResponse(note: OpenedNote): NoteResponse {
  return {
    id: note.id,
    title: note.title,
    ...(note.content === undefined ? {} : { content: note.content }),
    personal_encryption: note.mode === 'personal',
    tags: note.tags,
    created_at: note.createdAt,
    updated_at: note.updatedAt,
  };
}

/** @param opened undefined for a note that does not open */
export function toNoteListItem(row: StoredTitle, opened: NoteTitle | undefined): NoteListItem {
  return {
    id: row.id,
    title: opened?.title ?? null,
    personal_encryption: row.mode === 'personal',
    tags: opened?.tags ?? [],
    revision: row.revision,
    ...(opened ? {} : { unreadable: true as const }),
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

/** @param goesOnAfter the id after which the list goes on; undefined at its end */
export function toNotePage(items: NoteListItem[], goesOnAfter: number | undefined): NotePage {
  const next_cursor = goesOnAfter === undefined ? null : encodeCursor([goesOnAfter]);
  return { items, next_cursor };
}
