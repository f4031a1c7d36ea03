import { hmacSha256 } from '../hmac.js';
import { foldCase } from './fold-case.js';

/**
 * The 32 bytes by which a tag is found without being stored in the open: HMAC-SHA256 over the folded tag under
 * the owner's key. Equal tags of one user match; the same tag of two users does not.
 */
export function indexTag(tagIndexKey: Buffer, tag: string): Buffer {
  return hmacSha256(tagIndexKey, foldCase(tag));
}
