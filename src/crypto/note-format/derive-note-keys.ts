import { hkdfSha256 } from '../hkdf.js';

const NO_SALT = Buffer.alloc(0);

/** The keys of one user's notes, 32 bytes each. Derived when first asked for: few requests need all of them. */
export class NoteKeys {
  readonly #userKey: Buffer;
  #contentKek: Buffer | undefined;
  #titleKey: Buffer | undefined;
  #tagIndexKey: Buffer | undefined;

  constructor(userKey: Buffer) {
    this.#userKey = userKey;
  }

  /** Wraps the data keys of contents in app mode. */
  get contentKek(): Buffer {
    return (this.#contentKek ??= hkdfSha256(this.#userKey, NO_SALT, 'mc101/user-key/content-kek/v1', 32));
  }

  /** Seals titles and tags, in both modes. */
  get titleKey(): Buffer {
    return (this.#titleKey ??= hkdfSha256(this.#userKey, NO_SALT, 'mc101/user-key/title/v1', 32));
  }

  /** Keys the tag index. */
  get tagIndexKey(): Buffer {
    return (this.#tagIndexKey ??= hkdfSha256(this.#userKey, NO_SALT, 'mc101/user-key/tag-index/v1', 32));
  }
}

/** The keys of a user's notes from the user key (32 bytes); once for each request, not once for each note. */
export function deriveNoteKeys(userKey: Buffer): NoteKeys {
  return new NoteKeys(userKey);
}
