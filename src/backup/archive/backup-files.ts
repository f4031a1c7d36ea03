import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { BackupFailedError } from '../backup-failed-error.js';
import { MANIFEST_ENDING, manifestOf, readManifest, type Manifest } from './manifest.js';

export const PARTIAL_ENDING = '.partial';
const NAME = /^mc101-\d{8}T\d{6}Z-[0-9a-f]{8}\.dump$/;

/** A backup as it lies in the folder. */
export interface BackupFile {
  /** Absolute. */
  readonly file: string;
  readonly manifest: Manifest;
}

/** The name for a backup of this moment: sorts by time. @param run 8 hexadecimal digits */
export function nameBackup(takenAt: Date, run: string): string {
  return `mc101-${takenAt.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}-${run}.dump`;
}

/** Makes the folder, for this user alone. @throws BackupFailedError */
export async function prepareBackupFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new BackupFailedError(
      `The folder ${dir} cannot be made (${code}): make it writable, or set BACKUP_DIR.`,
    );
  }
}

/** Every backup of the folder that has its manifest, oldest first. Files of other names are nobody's business here. */
export async function listBackupFiles(dir: string): Promise<BackupFile[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const found: BackupFile[] = [];
  for (const name of names.filter((entry) => NAME.test(entry)).sort()) {
    const file = path.join(dir, name);
    const manifest = await readManifest(file).catch(() => undefined);
    if (manifest) found.push({ file, manifest });
  }
  return found.sort((a, b) => a.manifest.taken_at.localeCompare(b.manifest.taken_at));
}

/** Removes what ended runs left: files that were being written, and manifests that got no dump. Needs the run's lock. */
export async function removeUnfinished(dir: string): Promise<void> {
  const names = new Set(await readdir(dir));
  for (const name of names) {
    const isPartial = name.startsWith('mc101-') && name.endsWith(PARTIAL_ENDING);
    const dump = name.endsWith(MANIFEST_ENDING) ? name.slice(0, -MANIFEST_ENDING.length) : undefined;
    const isLonely = dump !== undefined && NAME.test(dump) && !names.has(dump);
    if (isPartial || isLonely) await rm(path.join(dir, name), { force: true });
  }
}

/** The dump goes first: a manifest alone is cleared away by the next run. */
export async function removeBackup(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(manifestOf(file), { force: true });
}
