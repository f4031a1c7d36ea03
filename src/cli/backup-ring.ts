import type { AppConfig } from '../config/app-config.js';
import { parseKeyRing } from '../crypto/parse-key-ring.js';
import { openRecoveryFile } from '../keys/recovery/open-recovery-file.js';
import { recoveryRing, type RecoveryRing } from '../keys/recovery/recovery-ring.js';
import { readPassphrase, type PassphraseSource } from './passphrase.js';

export interface RecoveryOptions extends PassphraseSource {
  recoveryFile?: string;
}

export const RECOVERY_FILE = [
  '--recovery-file <file>',
  'of keys:export, for keys that APP_ENCRYPTION_KEY no longer holds',
] as const;
export const RECOVERY_PASSPHRASE_FILE = [
  '--passphrase-file <file>',
  "read the recovery file's passphrase from a file instead of asking for it",
] as const;

/**
 * Asks for the passphrase at once, where there is a recovery file to open, and puts the rings together once the
 * configuration is known.
 * @throws RecoveryFileError
 */
export async function prepareRing({
  recoveryFile,
  ...source
}: RecoveryOptions): Promise<(config: AppConfig) => RecoveryRing> {
  const recovered =
    recoveryFile === undefined
      ? undefined
      : await openRecoveryFile(recoveryFile, await readPassphrase(source));
  return ({ secrets }) => {
    const configured = parseKeyRing('APP_ENCRYPTION_KEY', secrets.APP_ENCRYPTION_KEY);
    return recovered ? recoveryRing(configured, recovered) : { ring: configured, missing: [], differing: [] };
  };
}

/** What has to be done before the service can run on what the recovery file opened; undefined when nothing has. */
export function explainRecovery({ missing, differing }: RecoveryRing): string | undefined {
  const ids = [...missing, ...differing].map((id) => `"${id}"`).join(', ');
  if (ids === '') return undefined;
  return `The service needs the ${missing.length + differing.length === 1 ? 'key' : 'keys'} ${ids} of the recovery file in APP_ENCRYPTION_KEY before it can start: npm run cli -- keys:recover FILE --out KEYS`;
}
