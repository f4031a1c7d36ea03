import { encodeAad } from './aad.js';
import { aeadOpen } from './aead-open.js';
import { aeadSeal } from './aead-seal.js';
import { SealBrokenError } from './crypto.errors.js';
import { deriveSubkey } from './derive-subkey.js';
import type { KeyRingEntry } from './key-ring.js';

const CONTEXT = 'mc101/canary/v1';
const SONG = Buffer.from('mc101 canary', 'utf8');

/**
 * Seals a known text under a ring entry. Stored once for each key id, it shows at boot whether the key that
 * now has this id is the one that the rows were written with.
 *
 * @returns 40 bytes
 */
export function makeCanary(entry: KeyRingEntry): Buffer {
  return aeadSeal(deriveSubkey(entry, CONTEXT), SONG, canaryAad(entry));
}

/** @throws SealBrokenError when the entry's key is not the one that made the canary */
export function openCanary(entry: KeyRingEntry, sealed: Buffer): true {
  if (!aeadOpen(deriveSubkey(entry, CONTEXT), sealed, canaryAad(entry)).equals(SONG)) {
    throw new SealBrokenError();
  }
  return true;
}

function canaryAad(entry: KeyRingEntry): Buffer {
  return encodeAad([CONTEXT, entry.id]);
}
