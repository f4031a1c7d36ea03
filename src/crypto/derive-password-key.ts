import { checkKdfParameters, type KdfParameters } from './kdf-parameters.js';
import { pbkdf2Sha256 } from './pbkdf2.js';

/**
 * Turns a password into a 32-byte key with PBKDF2-HMAC-SHA256. About 0.2 s of one core by design: call it
 * from a bounded pool, and count the attempt before.
 *
 * The password is hashed over the UTF-8 bytes of its NFC form, so that the same word typed on another
 * keyboard opens the same note.
 *
 * @throws KdfParametersRefusedError (as a rejection), before any work is done
 */
export async function derivePasswordKey(password: string, parameters: KdfParameters): Promise<Buffer> {
  checkKdfParameters(parameters);
  const passwordBytes = Buffer.from(password.normalize('NFC'), 'utf8');
  return pbkdf2Sha256(passwordBytes, parameters.salt, parameters.iterations, 32);
}
