import type { KdfParameters } from '../crypto/kdf-parameters.js';
import type { NoteKeys } from '../crypto/note-format/derive-note-keys.js';
import { indexTag } from '../crypto/note-format/index-tag.js';
import { NOTE_FORMAT_VERSION, type NoteMode } from '../crypto/note-format/note-binding.js';
import { sealContent } from '../crypto/note-format/seal-content.js';
import { sealTitle, type NoteTitle } from '../crypto/note-format/seal-title.js';
import type { SealedContent } from '../crypto/note-format/sealed-content.js';
import { contentBindingOf, type StoredNote } from './stored-note.js';

/** The key that a content's data key is wrapped under: the owner's, or one stretched from a password. */
export type ContentKey = { mode: 'app'; key: Buffer } | PasswordKey;

export interface PasswordKey {
  mode: 'personal';
  key: Buffer;
  kdf: KdfParameters;
}

/** What a change of title or tags writes. */
export interface SealedTitle {
  readonly sealedTitle: Buffer;
  /** The row's revision from now on. */
  readonly revision: number;
  readonly tagIndex: Buffer[];
}

/** What a change of content or mode writes: all of a row but its times. */
export interface SealedNote extends SealedTitle, SealedContent {
  readonly id: number;
  readonly userId: number;
  readonly format: number;
  readonly mode: NoteMode;
  readonly kdf: KdfParameters | null;
}

export interface NoteText extends NoteTitle {
  readonly content: string;
}

/** Seals a content and, as its binding names the content's revision and key commitment, the title with it. */
export function sealNote(
  place: { id: number; userId: number; revision: number },
  keys: NoteKeys,
  contentKey: ContentKey,
  { title, tags, content }: NoteText,
): SealedNote {
  const binding = {
    formatVersion: NOTE_FORMAT_VERSION,
    mode: contentKey.mode,
    ownerId: place.userId,
    noteId: place.id,
    contentRevision: place.revision,
  };
  const sealed = sealContent(binding, contentKey.key, content);
  const titleBinding = { ...binding, titleRevision: place.revision, keyCommitment: sealed.keyCommitment };
  return {
    ...place,
    format: NOTE_FORMAT_VERSION,
    mode: contentKey.mode,
    kdf: contentKey.mode === 'personal' ? contentKey.kdf : null,
    ...sealed,
    sealedTitle: sealTitle(titleBinding, keys.titleKey, { title, tags }),
    tagIndex: indexTags(keys, tags),
  };
}

/** Seals title and tags alone. The stored title must have been opened before: it vouches for the content below it. */
export function sealTitleOf(stored: StoredNote, keys: NoteKeys, { title, tags }: NoteTitle): SealedTitle {
  const revision = stored.revision + 1;
  const { keyCommitment } = stored;
  const binding = { ...contentBindingOf(stored), titleRevision: revision, keyCommitment };
  return {
    revision,
    sealedTitle: sealTitle(binding, keys.titleKey, { title, tags }),
    tagIndex: indexTags(keys, tags),
  };
}

function indexTags(keys: NoteKeys, tags: readonly string[]): Buffer[] {
  return tags.map((tag) => indexTag(keys.tagIndexKey, tag));
}
