import { MIGRATIONS } from '../../migrations/migrations.js';
import { BackupFailedError } from '../backup-failed-error.js';
import type { Manifest } from '../archive/manifest.js';

const KNOWN = new Set(MIGRATIONS.map(({ name }) => name));

/** Refuses what a newer version of the service has made. @throws BackupFailedError */
export function refuseNewerBackup({ migrations, service }: Pick<Manifest, 'migrations' | 'service'>): void {
  if (migrations.some((name) => !KNOWN.has(name)))
    throw new BackupFailedError(
      `The backup was made by a newer version of the service (${service}), whose schema this one does not know: restore it with that version.`,
    );
}

/** Refuses what an older server cannot take. @throws BackupFailedError */
export function refuseOlderServer({ postgres }: Pick<Manifest, 'postgres'>, serverMajor: number): void {
  if (majorOf(postgres.server) > serverMajor)
    throw new BackupFailedError(
      `The backup is of PostgreSQL ${majorOf(postgres.server)} and the server here is PostgreSQL ${serverMajor}: restore it into one that is no older.`,
    );
}

/** What of a program's or a server's version counts, as in "17.2 (Debian 17.2-1)". */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}
