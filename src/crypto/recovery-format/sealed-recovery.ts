import type { KdfParameters } from '../kdf-parameters.js';

/** What a recovery file says in the open, bound to what is sealed in it. */
export interface RecoveryHeader {
  /** The version of the service that wrote the file. */
  readonly service: string;
  /** As it stands in the file, ISO 8601. */
  readonly createdAt: string;
}

/** A recovery file, but for its spelling as JSON. */
export interface SealedRecovery extends RecoveryHeader {
  readonly kdf: KdfParameters;
  /** 32 bytes. */
  readonly keyCommitment: Buffer;
  /** nonce (12) ‖ ciphertext ‖ tag (16) */
  readonly sealed: Buffer;
}
