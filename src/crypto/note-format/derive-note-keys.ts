import { hkdfSha256 } from '../hkdf.js';

const NO_SALT = Buffer.alloc(0);

/** The keys of one user's notes, 32 bytes each. */
export interface NoteKeys {
  /** Wraps the data keys of contents in app mode. */
  readonly contentKek: Buffer;
  /** Seals titles and tags, in both modes. */
  readonly titleKey: Buffer;
  /** Keys the tag index. */
  readonly tagIndexKey: Buffer;
}

/** Derives the keys of a user's notes from the user key; once for each request, not once for each note. */
export function deriveNoteKeys(userKey: Buffer): NoteKeys {
  return {
    contentKek: hkdfSha256(userKey, NO_SALT, 'mc101/user-key/content-kek/v1', 32),
    titleKey: hkdfSha256(userKey, NO_SALT, 'mc101/user-key/title/v1', 32),
    tagIndexKey: hkdfSha256(userKey, NO_SALT, 'mc101/user-key/tag-index/v1', 32),
  };
}
