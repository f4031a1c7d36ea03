import { verifyKeyCommitment } from '../key-commitment.js';
import { unwrapKey } from '../unwrap-key.js';
import type { ContentBinding } from './note-binding.js';
import { dataKeyBinding, type SealedContent } from './sealed-content.js';

/**
 * Unwraps a content's data key and checks the commitment to it.
 *
 * @throws WrappedKeyBrokenError, SealBrokenError, FormatUnknownError
 */
export function openDataKey(binding: ContentBinding, kek: Buffer, sealed: SealedContent): Buffer {
  const dataKey = unwrapKey(kek, sealed.wrappedKey, dataKeyBinding(binding, sealed.keyId));
  verifyKeyCommitment(dataKey, sealed.keyCommitment);
  return dataKey;
}
