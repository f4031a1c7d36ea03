import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { listBackupFiles } from '../../backup/archive/backup-files.js';
import { expectedDumpBytes } from '../../backup/runs/room.js';
import type { Check, Patient } from '../check.js';
import { orElse, problem, warning, type Finding } from '../finding.js';

/** Below this a database server stops for want of room at any moment. */
const LEAST_BYTES = 64_000_000;
const SOON_BYTES = 1_000_000_000;
/** Dumps of a day by the schedule that is the default. */
const DUMPS_AHEAD = 24;
/** A restore on trial puts a second copy beside the database, and notes it before (WAL). */
const COPIES = 2;

interface Room {
  readonly folder: string;
  readonly free: number;
  readonly device: number;
}

/** @internal for tests */
export interface DiskFacts {
  readonly backups: Room;
  readonly data: Room;
  /** The database's files lie in the data folder. */
  readonly isEmbedded: boolean;
  /** Of the next dump, as far as that can be reckoned. */
  readonly dumpBytes: number;
  readonly databaseBytes: number;
}

export const disk: Check = {
  name: 'disk',
  look: async (patient) => judgeDisk(await gather(patient)),
};

/** @internal for tests */
export function judgeDisk({
  backups,
  data,
  isEmbedded,
  dumpBytes,
  databaseBytes,
}: DiskFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const needed = isEmbedded ? databaseBytes * COPIES : 0;
  const places: [string, Room, least: number, soon: number][] = [
    ['BACKUP_DIR', backups, LEAST_BYTES + dumpBytes, Math.max(SOON_BYTES, dumpBytes * DUMPS_AHEAD)],
    ['DATA_DIR', data, LEAST_BYTES, Math.max(SOON_BYTES, LEAST_BYTES + needed)],
  ];
  for (const [name, { folder, free }, least, soon] of places) {
    const found = `The disk of ${name} (${folder}) has ${megabytes(free)} left.`;
    const toDo = `Free some, or set ${name} to a folder on another disk.`;
    if (free < least) findings.push(problem(found, toDo));
    else if (free < soon) findings.push(warning(found, toDo));
  }
  if (isEmbedded && backups.device === data.device)
    findings.push(
      warning(
        'BACKUP_DIR is on the same disk as the database: one broken disk takes both.',
        'Copy the backups to another machine, or set BACKUP_DIR to a folder on another disk.',
      ),
    );
  return orElse(
    findings,
    `BACKUP_DIR has ${megabytes(backups.free)} left, DATA_DIR ${megabytes(data.free)}.`,
  );
}

async function gather({ config, dataDir, isEmbedded, database, backupDir }: Patient): Promise<DiskFacts> {
  const databaseBytes = 'there' in database ? database.there.bytes : 0;
  const newest = (await listBackupFiles(backupDir)).at(-1)?.manifest;
  const dataFolder = 'there' in config ? (config.there.databaseFolder ?? dataDir) : dataDir;
  return {
    backups: await roomOf(backupDir),
    data: await roomOf(dataFolder),
    isEmbedded,
    dumpBytes: databaseBytes === 0 ? (newest?.bytes ?? 0) : expectedDumpBytes(databaseBytes, newest),
    databaseBytes,
  };
}

/** Of a folder that is not there yet, the disk that it will be made on. */
async function roomOf(folder: string): Promise<Room> {
  for (let there = folder; ; there = path.dirname(there)) {
    try {
      const { bavail, bsize } = await statfs(there);
      return { folder, free: bavail * bsize, device: (await stat(there)).dev };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path.dirname(there) === there) throw error;
    }
  }
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1_000_000)} MB`;
}
