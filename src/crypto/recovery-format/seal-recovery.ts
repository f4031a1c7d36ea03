import { aeadSeal } from '../aead-seal.js';
import { newKdfParameters } from '../kdf-parameters.js';
import { commitToKey } from '../key-commitment.js';
import { deriveRecoveryKey } from './derive-recovery-key.js';
import { recoveryAad } from './recovery-aad.js';
import type { RecoveryHeader, SealedRecovery } from './sealed-recovery.js';

/**
 * Seals keys under a passphrase, whose strength is the caller's to judge: whoever has the file can guess offline.
 *
 * @param plaintext what the keys are, as UTF-8
 */
export async function sealRecovery(
  passphrase: string,
  header: RecoveryHeader,
  plaintext: string,
): Promise<SealedRecovery> {
  const kdf = newKdfParameters();
  const key = await deriveRecoveryKey(passphrase, kdf);
  const open = { ...header, kdf, keyCommitment: commitToKey(key) };
  return { ...open, sealed: aeadSeal(key, Buffer.from(plaintext, 'utf8'), recoveryAad(open)) };
}
