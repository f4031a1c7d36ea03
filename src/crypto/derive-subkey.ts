import { hkdfSha256 } from './hkdf.js';
import type { KeyRingEntry } from './key-ring.js';

const NO_SALT = Buffer.alloc(0);

/**
 * Derives the 32-byte key of one purpose from a ring entry by HKDF-SHA256. Entries are never used as they are,
 * so that no two purposes share a key.
 *
 * @param context names the purpose and its version, for example `mc101/jwt/v1`
 */
export function deriveSubkey(entry: KeyRingEntry, context: string): Buffer {
  return hkdfSha256(entry.key, NO_SALT, context, 32);
}
