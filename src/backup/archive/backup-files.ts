import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { BackupFailedError } from '../backup-failed-error.js';
import { MANIFEST_ENDING, manifestOf, readManifest, type Manifest } from './manifest.js';

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

/** The installation's own of them: a folder that two share is none of the other's to tidy. */
export async function listOwnBackupFiles(dir: string, installation: string | null): Promise<BackupFile[]> {
  const backups = await listBackupFiles(dir);
  return backups.filter(({ manifest }) => manifest.installation === installation);
}

/** The name of a dump while it is written. */
export function partialOf(dump: string, installation: string | null): string {
  return `${dump}${partialEnding(installation)}`;
}

/** Every backup of the folder that has its manifest, oldest first. Files of other names are nobody's business here. */
export async function listBackupFiles(dir: string): Promise<BackupFile[]> {
  const names = await filesIn(dir);
  const found: BackupFile[] = [];
  for (const name of names.filter((entry) => NAME.test(entry)).sort()) {
    const file = path.join(dir, name);
    const manifest = await readManifest(file).catch(() => undefined);
    if (manifest) found.push({ file, manifest });
  }
  return found.sort((a, b) => a.manifest.taken_at.localeCompare(b.manifest.taken_at));
}

/** Removes what ended runs left: files that were being written, and manifests that got no dump. Needs the run's lock. */
export async function removeUnfinished(dir: string, installation: string | null): Promise<void> {
  const names = new Set(await filesIn(dir));
  const ending = partialEnding(installation);
  for (const name of names) {
    const isPartial = name.startsWith('mc101-') && name.endsWith(ending);
    if (isPartial || (await isLonelyManifest(dir, name, names, installation)))
      await rm(path.join(dir, name), { force: true });
  }
}

async function isLonelyManifest(
  dir: string,
  name: string,
  names: ReadonlySet<string>,
  installation: string | null,
): Promise<boolean> {
  if (!name.endsWith(MANIFEST_ENDING)) return false;
  const dump = name.slice(0, -MANIFEST_ENDING.length);
  if (!NAME.test(dump) || names.has(dump)) return false;
  const manifest = await readManifest(path.join(dir, dump)).catch(() => undefined);
  return manifest?.installation === installation;
}

function partialEnding(installation: string | null): string {
  const mark = createHash('sha256')
    .update(installation ?? '')
    .digest('hex')
    .slice(0, 8);
  return `.${mark}.partial`;
}

/** The dump goes first: a manifest alone is cleared away by the next run. */
export async function removeBackup(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(manifestOf(file), { force: true });
}

/** Names of ordinary files; links, pipes and folders are nobody's backup. @throws BackupFailedError */
async function filesIn(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new BackupFailedError(`The folder ${dir} cannot be read (${code}): correct BACKUP_DIR.`);
  }
}
