import { wrapKey } from '../wrap-key.js';
import type { ContentBinding } from './note-binding.js';
import { openDataKey } from './open-data-key.js';
import { dataKeyBinding, type SealedContent } from './sealed-content.js';

/**
 * Puts a content's data key under another KEK of the same mode, as when a password is stretched with stronger
 * parameters. The content, its commitment and its revision stay as they are, so its title does too.
 *
 * @throws WrappedKeyBrokenError, SealBrokenError, FormatUnknownError
 */
export function rewrapContentKey(
  binding: ContentBinding,
  kek: Buffer,
  newKek: Buffer,
  sealed: SealedContent,
): SealedContent {
  const dataKey = openDataKey(binding, kek, sealed);
  return { ...sealed, wrappedKey: wrapKey(newKek, dataKey, dataKeyBinding(binding, sealed.keyId)) };
}
