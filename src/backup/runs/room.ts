import { statfs } from 'node:fs/promises';
import { BackupFailedError } from '../backup-failed-error.js';
import type { Manifest } from '../archive/manifest.js';

/** Room that must be left beside what is reckoned with. */
const SPARE_BYTES = 16_000_000;
/** A restored database, and what the server notes of it before it is written (WAL). */
const RESTORING = 2;
/** A dump of the same size as the last one may be a little larger. */
const MARGIN = 1.25;

/** How large a dump may become: as the last one was, for as much data; without one, as the database itself. */
export function expectedDumpBytes(
  databaseBytes: number,
  last: Pick<Manifest, 'bytes' | 'database_bytes'> | undefined,
): number {
  if (!last) return Math.ceil(databaseBytes * 1.1);
  return Math.ceil(last.bytes * Math.max(1, databaseBytes / last.database_bytes) * MARGIN);
}

/** @throws BackupFailedError when the folder's disk has no room for so much */
export async function requireRoom(dir: string, bytes: number): Promise<void> {
  const lack = await lackOfRoom(dir, bytes + SPARE_BYTES);
  if (lack) throw new BackupFailedError(`${lack} for the backup: free some, or set BACKUP_DIR.`);
}

/**
 * What is missing for restoring a database beside the present one, where its files lie on this machine. A database
 * server that finds no room stops working altogether.
 * @returns undefined when nothing is missing
 */
export async function lackOfRoomToRestore(
  databaseFolder: string | undefined,
  databaseBytes: number,
): Promise<string | undefined> {
  if (databaseFolder === undefined) return undefined;
  return lackOfRoom(databaseFolder, databaseBytes * RESTORING + SPARE_BYTES);
}

async function lackOfRoom(folder: string, needed: number): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= needed) return undefined;
  return `${folder} has ${megabytes(free)} free and about ${megabytes(needed)} are needed`;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}
