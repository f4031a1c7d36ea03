/** A backup or a restore that did not succeed, told in a sentence for the operator: what happened and what to do. */
export class BackupFailedError extends Error {
  override readonly name = 'BackupFailedError';
}
