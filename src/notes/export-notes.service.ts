import { setImmediate } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { NoteKeys } from '../crypto/note-format/derive-note-keys.js';
import { AccountExport } from '../users/export/account-export.js';
import { toExportedNote, toUnreadableNote, type ExportedNote } from './exported-note.js';
import { NoteUnreadableError } from './notes.errors.js';
import { OwnNotesRepository } from './own-notes.repository.js';
import { openContentOf, openTitleOf, type StoredNote } from './stored-note.js';
import { UserKeysService } from './user-keys.service.js';

/** Every note of somebody, for that person's export. */
@Injectable()
export class ExportNotesService {
  private readonly logger = new Logger('notes');

  constructor(
    private readonly notes: OwnNotesRepository,
    private readonly userKeys: UserKeysService,
    accountExport: AccountExport,
  ) {
    accountExport.add({ name: 'notes', items: ({ userId }) => this.read(userId) });
  }

  /**
   * Oldest first, a few megabytes at a time. App notes are opened; a personal note stays sealed, with all that its
   * password needs to open it. One that does not open is marked and keeps nothing from the others.
   */
  private async *read(userId: number): AsyncGenerator<ExportedNote> {
    let afterId = 0;
    for (;;) {
      const page = await this.notes.listOldestFirst(userId, afterId);
      if (page.length === 0) return;
      const keys = await this.openKeys(userId);
      for (const note of page) {
        // Opening a large note takes a while; others get their turn in between.
        await setImmediate();
        yield this.openOrMark(note, keys);
        afterId = note.id;
      }
    }
  }

  private openOrMark(note: StoredNote, keys: NoteKeys | undefined): ExportedNote {
    try {
      if (!keys) return toUnreadableNote(note);
      const title = openTitleOf(note, keys);
      return toExportedNote(
        note,
        title,
        note.mode === 'app' ? openContentOf(note, keys.contentKek) : undefined,
      );
    } catch (error) {
      if (!(error instanceof NoteUnreadableError)) throw error;
      this.logger.warn(
        { event_type: 'note_unreadable', note: note.id },
        'a note does not open and is exported as unreadable',
      );
      return toUnreadableNote(note);
    }
  }

  private async openKeys(userId: number): Promise<NoteKeys | undefined> {
    try {
      return await this.userKeys.find(userId);
    } catch (error) {
      if (!(error instanceof NoteUnreadableError)) throw error;
      this.logger.warn(
        { event_type: 'user_key_unreadable', user: userId },
        'the key of a user does not open: no note of an export is readable',
      );
      return undefined;
    }
  }
}
