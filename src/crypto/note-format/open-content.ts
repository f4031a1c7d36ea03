import { encodeAad } from '../aad.js';
import { aeadOpen } from '../aead-open.js';
import { contentFields, type ContentBinding } from './note-binding.js';
import { openDataKey } from './open-data-key.js';
import type { SealedContent } from './sealed-content.js';

/**
 * Opens a note's content. Answer it only together with the title of the same row, opened too: that is what
 * shows another content put under the current row.
 *
 * @param kek as for sealContent
 * @throws WrappedKeyBrokenError when the KEK does not open the data key: in personal mode a wrong password
 * @throws SealBrokenError when the data key opened but the commitment or the content does not fit it
 * @throws FormatUnknownError
 */
export function openContent(binding: ContentBinding, kek: Buffer, sealed: SealedContent): string {
  const dataKey = openDataKey(binding, kek, sealed);
  return aeadOpen(dataKey, sealed.sealedContent, encodeAad(contentFields(binding))).toString('utf8');
}
