import { derivePasswordKey } from '../derive-password-key.js';
import { hkdfSha256 } from '../hkdf.js';
import type { KdfParameters } from '../kdf-parameters.js';

const CONTEXT = 'mc101/recovery-file/v1';
const NO_SALT = Buffer.alloc(0);

/**
 * The 32-byte key of a recovery file: the passphrase's key, kept apart from keys of notes that have the same password.
 *
 * @throws KdfParametersRefusedError (as a rejection), before any work is done
 */
export async function deriveRecoveryKey(passphrase: string, kdf: KdfParameters): Promise<Buffer> {
  return hkdfSha256(await derivePasswordKey(passphrase, kdf), NO_SALT, CONTEXT, 32);
}
