import { stat } from 'node:fs/promises';
import path from 'node:path';
import { BackupFailedError } from '../backup-failed-error.js';
import { readManifest } from '../archive/manifest.js';
import type { BackupFile } from '../archive/backup-files.js';

/**
 * The backup that somebody means: a path, absolute or from the folder they are in, or the name of a file in BACKUP_DIR.
 * @throws BackupFailedError when there is none, or it has no manifest
 */
export async function findBackup(given: string, folder: string, backupDir: string): Promise<BackupFile> {
  const isBareName = path.basename(given) === given;
  const places = [path.resolve(folder, given), ...(isBareName ? [path.join(backupDir, given)] : [])];
  for (const file of places) {
    const kind = await kindOf(file);
    if (kind === 'other') throw new BackupFailedError(`${file} is no file: give the .dump itself.`);
    if (kind === 'file') return { file, manifest: await readManifest(file) };
  }
  throw new BackupFailedError(`There is no backup ${places.join(' or ')}: see npm run cli -- backup:list.`);
}

async function kindOf(place: string): Promise<'file' | 'other' | undefined> {
  return stat(place).then(
    (found) => (found.isFile() ? 'file' : 'other'),
    () => undefined,
  );
}
