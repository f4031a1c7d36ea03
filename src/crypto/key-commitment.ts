import { isConstantTimeEqual } from './constant-time-equal.js';
import { SealBrokenError } from './crypto.errors.js';
import { hkdfSha256 } from './hkdf.js';

const COMMITMENT_CONTEXT = 'mc101/key-commitment/v1';
const NO_SALT = Buffer.alloc(0);

/**
 * Commits to a 32-byte key: 32 bytes that fit no other key and tell nothing about this one.
 *
 * AES-GCM does not commit to its key: someone who chooses keys can make one ciphertext that opens under two
 * of them (Dodis et al. 2018; Len, Grubbs, Ristenpart, "Partitioning Oracle Attacks", 2021). Hence this.
 */
export function commitToKey(key: Buffer): Buffer {
  return hkdfSha256(key, NO_SALT, COMMITMENT_CONTEXT, 32);
}

/**
 * Checks in constant time, and before anything is decrypted with it, that `key` is the committed one.
 *
 * @throws SealBrokenError
 */
export function verifyKeyCommitment(key: Buffer, commitment: Buffer): void {
  if (!isConstantTimeEqual(commitToKey(key), commitment)) {
    throw new SealBrokenError('The key is not the one that was committed to.');
  }
}
