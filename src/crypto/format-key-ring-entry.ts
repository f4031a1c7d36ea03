import type { KeyRingEntry } from './key-ring.js';

/**
 * Writes an entry as parseKeyRing reads it, `id:base64`. This is the key in the open: only for a recovery file,
 * or to carry the key of a passphrase over into a list.
 */
export function formatKeyRingEntry(entry: KeyRingEntry): string {
  return `${entry.id}:${entry.key.export().toString('base64')}`;
}
