import { SealBrokenError } from '../crypto/crypto.errors.js';
import type { KdfParameters } from '../crypto/kdf-parameters.js';
import type { NoteKeys } from '../crypto/note-format/derive-note-keys.js';
import type { ContentBinding, NoteMode, TitleBinding } from '../crypto/note-format/note-binding.js';
import { openContent } from '../crypto/note-format/open-content.js';
import { openTitle } from '../crypto/note-format/open-title.js';
import type { NoteTitle } from '../crypto/note-format/seal-title.js';
import type { SealedContent } from '../crypto/note-format/sealed-content.js';
import { NoteUnreadableError, refusingUnreadable } from './notes.errors.js';

/** What a list reads of a note's row. */
export interface StoredTitle {
  readonly id: number;
  readonly userId: number;
  readonly format: number;
  readonly mode: NoteMode;
  readonly revision: number;
  readonly titleRevision: number;
  readonly contentRevision: number;
  readonly sealedTitle: Buffer;
  /** The content's; the title is bound to it. */
  readonly keyCommitment: Buffer;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A note's whole row. */
export interface StoredNote extends StoredTitle, SealedContent {
  /** The three are set in personal mode, and only there. */
  readonly kdf: string | null;
  readonly kdfIterations: number | null;
  readonly kdfSalt: Buffer | null;
}

/** The place that a row's content is bound to. */
export function contentBindingOf(row: StoredTitle): ContentBinding {
  return {
    formatVersion: row.format,
    mode: row.mode,
    ownerId: row.userId,
    noteId: row.id,
    contentRevision: row.contentRevision,
  };
}

function titleBindingOf(row: StoredTitle): TitleBinding {
  const { titleRevision, keyCommitment } = row;
  return { ...contentBindingOf(row), titleRevision, keyCommitment };
}

/**
 * How the password of a personal note becomes its key.
 * @throws NoteUnreadableError for a row that says none of it
 */
export function kdfParametersOf(row: StoredNote): KdfParameters {
  const { kdf: name, kdfIterations: iterations, kdfSalt: salt } = row;
  if (name === null || iterations === null || salt === null) {
    throw new NoteUnreadableError(new SealBrokenError('The row names no key derivation.'));
  }
  return { name, iterations, salt };
}

/**
 * Opens title and tags. Every change seals the title at the row's new revision, so a row whose revision is another
 * than its title's was changed from outside: without this check the counter could be wound back, and a revision that
 * a ciphertext is bound to be given out twice.
 * @throws NoteUnreadableError
 */
export function openTitleOf(row: StoredTitle, keys: NoteKeys): NoteTitle {
  return refusingUnreadable(() => {
    if (row.revision !== row.titleRevision || row.contentRevision > row.revision || row.contentRevision < 1) {
      throw new SealBrokenError('The row is at another revision than its title.');
    }
    return openTitle(titleBindingOf(row), keys.titleKey, row.sealedTitle);
  });
}

/**
 * Opens the content. Only to be answered together with the title of the same row.
 * @param kek the owner's content key in app mode, the key from the note's password in personal mode
 * @throws NoteUnreadableError
 */
export function openContentOf(row: StoredNote, kek: Buffer): string {
  return refusingUnreadable(() => openContent(contentBindingOf(row), kek, row));
}
