import { encodeAad } from '../aad.js';
import type { SealedRecovery } from './sealed-recovery.js';

const RECOVERY_FORMAT = 1;

/** Everything that a recovery file says in the open. */
export function recoveryAad({
  service,
  createdAt,
  kdf,
  keyCommitment,
}: Omit<SealedRecovery, 'sealed'>): Buffer {
  return encodeAad([
    'mc101/recovery-file',
    RECOVERY_FORMAT,
    service,
    createdAt,
    kdf.name,
    kdf.iterations,
    kdf.salt,
    keyCommitment,
  ]);
}
