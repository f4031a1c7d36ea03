import { encodeAad } from '../aad.js';
import { aeadSeal } from '../aead-seal.js';
import { drawRandom } from '../draw-random.js';
import { commitToKey } from '../key-commitment.js';
import { KEY_BYTES, wrapKey } from '../wrap-key.js';
import { contentFields, type ContentBinding } from './note-binding.js';
import { dataKeyBinding, type SealedContent } from './sealed-content.js';

/**
 * Seals a note's content under a fresh data key, and wraps that key.
 *
 * @param kek 32 bytes: the owner's `contentKek` in app mode, the key derived from the note's password in
 *   personal mode
 * @throws TypeError for a content with a lone surrogate, which UTF-8 cannot carry unchanged
 */
export function sealContent(binding: ContentBinding, kek: Buffer, content: string): SealedContent {
  if (!content.isWellFormed()) {
    throw new TypeError('A content must be well-formed Unicode.');
  }
  const keyId = binding.mode === 'app' ? 'user' : 'password';
  const dataKey = drawRandom(KEY_BYTES);
  return {
    keyId,
    wrappedKey: wrapKey(kek, dataKey, dataKeyBinding(binding, keyId)),
    keyCommitment: commitToKey(dataKey),
    sealedContent: aeadSeal(dataKey, Buffer.from(content, 'utf8'), encodeAad(contentFields(binding))),
  };
}
