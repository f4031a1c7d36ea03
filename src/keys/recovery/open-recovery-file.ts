import { open } from 'node:fs/promises';
import type { RecoveredRings } from './recovered-rings.js';
import { openRecoveryText } from './recovery-file.js';
import { RecoveryFileError } from './recovery-file-error.js';

/** Four rings of a hundred entries are a tenth of it. */
const LARGEST_BYTES = 1 << 20;

/**
 * Opens a file that keys:export wrote. Takes a few tenths of a second by design.
 * @throws RecoveryFileError when it cannot be read, is damaged, or has another passphrase
 */
export async function openRecoveryFile(file: string, passphrase: string): Promise<RecoveredRings> {
  return openRecoveryText(await read(file), passphrase, file);
}

async function read(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size > LARGEST_BYTES) throw new RecoveryFileError(`${file} is too large to be a recovery file.`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof RecoveryFileError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new RecoveryFileError(
      `The recovery file ${file} cannot be read (${code}): correct its path, or its rights.`,
    );
  }
}
