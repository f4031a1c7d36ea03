import { Injectable, Logger } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { decodeIdCursor } from '../common/http/cursor.js';
import type { NoteKeys } from '../crypto/note-format/derive-note-keys.js';
import { foldCase } from '../crypto/note-format/fold-case.js';
import { indexTag } from '../crypto/note-format/index-tag.js';
import type { NoteTitle } from '../crypto/note-format/seal-title.js';
import { NoteMetrics } from './note-metrics.js';
import { toNoteListItem, toNotePage, type NoteListItem, type NotePage } from './note.response.dto.js';
import type { ListNotesQuery } from './notes.dto.js';
import { NoteUnreadableError } from './notes.errors.js';
import { NotesRepository } from './notes.repository.js';
import { openTitleOf, type StoredTitle } from './stored-note.js';
import { UserKeysService } from './user-keys.service.js';

/** How many titles one request opens at most, while it searches. */
const MAX_TITLES = 1_000;
/** Rows that are fetched at once while searching. */
const BATCH = 100;
/** Titles that are opened before others get their turn: well below a millisecond. */
const SLICE = 50;

/** What the hits have in common, folded. */
interface Search {
  readonly q: string | undefined;
  readonly tag: string | undefined;
}

/** Lists and searches notes by what is sealed: titles are opened here, not in the database. */
@Injectable()
export class ListNotesService {
  private readonly logger = new Logger('notes');

  constructor(
    private readonly notes: NotesRepository,
    private readonly userKeys: UserKeysService,
    private readonly metrics: NoteMetrics,
  ) {}

  /**
   * Newest first. A note whose title does not open is marked and does not hide the others; a search by title or tag
   * passes over it.
   * @throws ValidationFailedError for a foreign cursor
   * @throws NoteUnreadableError when the user's key does not open: then nothing is readable
   */
  list(userId: number, query: ListNotesQuery): Promise<NotePage> {
    return this.metrics.count('list', this.collect(userId, query));
  }

  private async collect(userId: number, { limit, cursor, q, tag }: ListNotesQuery): Promise<NotePage> {
    const beforeId = decodeIdCursor(cursor);
    const keys = await this.userKeys.find(userId);
    if (!keys) return this.emptyUnlessKeyIsLost(userId);
    const tagIndex = tag === undefined ? undefined : indexTag(keys.tagIndexKey, tag);
    const search: Search = {
      q: q === undefined ? undefined : foldCase(q),
      tag: tag === undefined ? undefined : foldCase(tag),
    };

    const items: NoteListItem[] = [];
    let opened = 0;
    let position = beforeId;
    while (opened < MAX_TITLES) {
      // One more than is opened tells whether the list goes on.
      const size = q === undefined && opened === 0 ? limit : Math.min(BATCH, MAX_TITLES - opened);
      const rows = await this.notes.listOwned(userId, { beforeId: position, tagIndex, limit: size + 1 });
      for (const [index, row] of rows.slice(0, size).entries()) {
        if (opened > 0 && opened % SLICE === 0) await setImmediate();
        const title = this.openOrMark(row, keys);
        opened += 1;
        position = row.id;
        if (isHit(title, search)) items.push(toNoteListItem(row, title));
        if (items.length === limit) return toNotePage(items, index + 1 < rows.length ? position : undefined);
      }
      if (rows.length <= size) return toNotePage(items, undefined);
    }
    return toNotePage(items, position);
  }

  private openOrMark(row: StoredTitle, keys: NoteKeys): NoteTitle | undefined {
    try {
      return openTitleOf(row, keys);
    } catch (error) {
      if (!(error instanceof NoteUnreadableError)) throw error;
      this.logger.warn({ event_type: 'note_unreadable', note: row.id }, 'the title of a note does not open');
      return undefined;
    }
  }

  private async emptyUnlessKeyIsLost(userId: number): Promise<NotePage> {
    const rows = await this.notes.listOwned(userId, { beforeId: undefined, tagIndex: undefined, limit: 1 });
    if (rows.length > 0) this.userKeys.open(userId, null);
    return toNotePage([], undefined);
  }
}

/** The tag index only preselects: nothing vouches for it, and the sealed tags decide. */
function isHit(title: NoteTitle | undefined, { q, tag }: Search): boolean {
  if (q === undefined && tag === undefined) return true;
  if (title === undefined) return false;
  if (tag !== undefined && !title.tags.some((own) => foldCase(own) === tag)) return false;
  return q === undefined || foldCase(title.title).includes(q);
}
