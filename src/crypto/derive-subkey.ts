import { hkdfSha256 } from './hkdf.js';
import type { KeyRingEntry } from './key-ring.js';

const NO_SALT = Buffer.alloc(0);

/** Contexts are a handful of constants, and the same few entries serve every request. */
const derived = new WeakMap<KeyRingEntry, Map<string, Buffer>>();

/**
 * Derives the 32-byte key of one purpose from a ring entry by HKDF-SHA256. Entries are never used as they are,
 * so that no two purposes share a key.
 *
 * @param context names the purpose and its version, for example `mc101/jwt/v1`
 */
export function deriveSubkey(entry: KeyRingEntry, context: string): Buffer {
  const known = derived.get(entry) ?? new Map<string, Buffer>();
  derived.set(entry, known);
  const subkey = known.get(context) ?? hkdfSha256(entry.key, NO_SALT, context, 32);
  known.set(context, subkey);
  return Buffer.from(subkey);
}
