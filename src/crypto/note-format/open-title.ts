import { encodeAad } from '../aad.js';
import { aeadOpen } from '../aead-open.js';
import { titleFields, type TitleBinding } from './note-binding.js';
import type { NoteTitle } from './seal-title.js';

/**
 * Opens a note's title and tags.
 *
 * @throws SealBrokenError when anything was changed or moved, the row's revisions, mode and key commitment included
 * @throws FormatUnknownError
 */
export function openTitle(binding: TitleBinding, titleKey: Buffer, sealed: Buffer): NoteTitle {
  const plaintext = aeadOpen(titleKey, sealed, encodeAad(titleFields(binding)));
  // What opens was written by sealTitle: the seal vouches for the shape.
  return JSON.parse(plaintext.toString('utf8')) as NoteTitle;
}
