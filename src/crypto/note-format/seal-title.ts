import { encodeAad } from '../aad.js';
import { aeadSeal } from '../aead-seal.js';
import { titleFields, type TitleBinding } from './note-binding.js';

/** What a list shows of a note. */
export interface NoteTitle {
  readonly title: string;
  readonly tags: readonly string[];
}

/**
 * Seals a note's title and tags, as the JSON object `{"title", "tags"}`, under the owner's `titleKey`. Seal it
 * again whenever the content is sealed: its binding names the content's mode, revision and key commitment.
 *
 * @returns nonce (12) ‖ ciphertext ‖ tag (16)
 */
export function sealTitle(binding: TitleBinding, titleKey: Buffer, { title, tags }: NoteTitle): Buffer {
  const plaintext = Buffer.from(JSON.stringify({ title, tags }), 'utf8');
  return aeadSeal(titleKey, plaintext, encodeAad(titleFields(binding)));
}
