import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from '../../database/embedded/secrets-file.js';
import { RecoveryFileError } from './recovery-file-error.js';

/**
 * Writes a new file for this user alone (mode 0600), whole and on the disk when this returns. A file that is there
 * stays as it is.
 * @throws RecoveryFileError
 */
export async function writeSecretFile(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    throw explained(file, error);
  });
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await rm(file, { force: true });
    throw explained(file, error);
  } finally {
    await handle.close();
  }
  await syncFolder(path.dirname(path.resolve(file)));
}

function explained(file: string, error: unknown): RecoveryFileError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return new RecoveryFileError(
    code === 'EEXIST'
      ? `${file} exists already, and is not overwritten: choose another name.`
      : `${file} cannot be written (${code}): choose another place.`,
  );
}
