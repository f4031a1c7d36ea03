import { aeadOpen } from '../aead-open.js';
import { verifyKeyCommitment } from '../key-commitment.js';
import { deriveRecoveryKey } from './derive-recovery-key.js';
import { recoveryAad } from './recovery-aad.js';
import type { SealedRecovery } from './sealed-recovery.js';

/**
 * Opens what sealRecovery sealed.
 *
 * @throws SealBrokenError for another passphrase, and for anything that was changed
 * @throws KdfParametersRefusedError for a cost that nobody would have written
 */
export async function openRecovery(passphrase: string, recovery: SealedRecovery): Promise<string> {
  const key = await deriveRecoveryKey(passphrase, recovery.kdf);
  verifyKeyCommitment(key, recovery.keyCommitment);
  return aeadOpen(key, recovery.sealed, recoveryAad(recovery)).toString('utf8');
}
