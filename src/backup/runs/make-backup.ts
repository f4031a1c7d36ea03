import { randomBytes } from 'node:crypto';
import { rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { VERSION } from '../../common/version.js';
import type { ProgramFolders } from '../../config/app-config.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import type { DumpTools } from '../../database/embedded/find-dump-tools.js';
import { syncFolder } from '../../database/embedded/secrets-file.js';
import { BackupFailedError } from '../backup-failed-error.js';
import {
  nameBackup,
  partialOf,
  prepareBackupFolder,
  removeBackup,
  type BackupFile,
} from '../archive/backup-files.js';
import { dumpArchive } from '../archive/dump-archive.js';
import { writeManifest, type Manifest } from '../archive/manifest.js';
import { hashFile, readArchive } from '../archive/read-archive.js';
import { withConnection } from '../databases/connect.js';
import { readContents, type Contents } from '../databases/contents.js';
import { dumpToolsFor } from '../databases/dump-tools-for.js';
import { readServiceIdentity } from '../databases/service-identity.js';
import { MayNotCreateDatabasesError, serverMajor } from '../databases/sibling-database.js';
import { verifyByRestoring } from './verify-archive.js';

/** Room that must be left beside the dump itself. */
const SPARE_BYTES = 16 * 1024 * 1024;
/** Dumps are compressed: of a database never dumped before, this part of its size is reckoned with. */
const EXPECTED_PART = 0.5;

export interface BackupOrder {
  readonly reason: Manifest['reason'];
  readonly runId?: number;
  /** Absolute. */
  readonly dir: string;
  /** The owner's role, past any pooler. */
  readonly url: string;
  readonly programs: ProgramFolders;
  readonly ring: KeyRing;
  /** Decides how a file of this size is to be proven; the answer may lower the proof and say why. */
  readonly proof: (bytes: number) => { how: 'restore' | 'read'; note?: string };
  /** The size of the last backup, if there is one. */
  readonly lastBytes?: number;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
}

/**
 * Makes one backup of the whole database and proves it. What is returned lies on the disk under its final name, with
 * its manifest; after an error nothing of it is left.
 * @throws BackupFailedError
 */
export async function makeBackup(order: BackupOrder): Promise<BackupFile> {
  const { dir, url, signal, onStep } = order;
  await prepareBackupFolder(dir);
  const dumped = await withConnection(url, (client) => dump(order, client));
  const { tools, partial, name, manifest } = dumped;
  const file = path.join(dir, name);
  try {
    onStep('Reading the file through …');
    await readArchive(tools, partial, signal);
    const { sha256, bytes } = await hashFile(partial, signal);
    const verified = await prove(order, tools, partial, { ...manifest, sha256, bytes });
    // The manifest first: a dump under its final name is a backup.
    await writeManifest(file, verified);
    await rename(partial, file);
    await syncFolder(dir);
    return { file, manifest: verified };
  } catch (error) {
    await rm(partial, { force: true });
    await removeBackup(file);
    throw error;
  }
}

type Unproven = Omit<Manifest, 'verification' | 'verified_at'>;

async function dump(order: BackupOrder, client: Client) {
  const { dir, url, signal, onStep } = order;
  const major = await serverMajor(client);
  const tools = await dumpToolsFor(major, order.programs);
  await requireRoom(order, client);
  onStep('Counting rows …');
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const [taken] = (
    await client.query<{ snapshot: string; takenAt: Date; server: string; database: string }>(
      `SELECT pg_export_snapshot() AS snapshot, now() AS "takenAt", current_setting('server_version') AS server,
              current_database() AS database`,
    )
  ).rows;
  if (!taken) throw new BackupFailedError('The database gave no snapshot.');
  const contents: Contents = await readContents(client);
  const name = nameBackup(taken.takenAt, randomBytes(4).toString('hex'));
  const installation = await readServiceIdentity(client);
  const partial = path.join(dir, partialOf(name, installation));
  try {
    onStep(`Dumping with pg_dump ${tools.version} …`);
    await dumpArchive({ tools, url, snapshot: taken.snapshot, file: partial, signal });
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await client.query('COMMIT');
  const manifest: Omit<Unproven, 'sha256' | 'bytes'> = {
    format: 1,
    service: VERSION,
    run_id: order.runId,
    reason: order.reason,
    database: taken.database,
    installation,
    postgres: { server: taken.server, dump: tools.version },
    taken_at: taken.takenAt.toISOString(),
    migrations: contents.migrations,
    rows: contents.rows,
    key_ids: contents.keyIds,
  };
  return { tools, partial, name, manifest };
}

async function requireRoom({ dir, lastBytes }: BackupOrder, client: Client): Promise<void> {
  const { rows } = await client.query<{ size: number }>(
    'SELECT pg_database_size(current_database()) AS size',
  );
  const size = rows[0]?.size ?? 0;
  const needed = Math.ceil(lastBytes === undefined ? size * EXPECTED_PART : lastBytes * 1.25) + SPARE_BYTES;
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < needed)
    throw new BackupFailedError(
      `${dir} has ${megabytes(free)} free and the backup needs about ${megabytes(needed)}: free some, or set BACKUP_DIR.`,
    );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}

async function prove(
  { url, ring, proof, signal, onStep }: BackupOrder,
  tools: DumpTools,
  file: string,
  manifest: Unproven,
): Promise<Manifest> {
  const { how, note } = proof(manifest.bytes);
  if (how === 'restore') {
    try {
      await verifyByRestoring(file, manifest, { tools, url, ring, signal, onStep });
    } catch (error) {
      if (!(error instanceof MayNotCreateDatabasesError)) throw error;
      return proven(manifest, 'read', `It was only read through. ${error.message}`);
    }
  }
  return proven(manifest, how, note);
}

function proven(manifest: Unproven, verification: Manifest['verification'], note?: string): Manifest {
  return { ...manifest, verification, verified_at: new Date().toISOString(), note };
}
