/** A recovery file that cannot be written or read, told in a sentence for the operator: what happened and what to do. */
export class RecoveryFileError extends Error {
  override readonly name = 'RecoveryFileError';
}
