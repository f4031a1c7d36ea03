import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { VERSION } from '../../common/version.js';
import type { ProgramFolders } from '../../config/app-config.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import type { DumpTools } from '../../database/embedded/find-dump-tools.js';
import { syncFolder } from '../../database/embedded/secrets-file.js';
import { BackupFailedError } from '../backup-failed-error.js';
import { explainingFileFailures } from '../file-failures.js';
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
import { headOf } from '../databases/carry-audit.js';
import { withConnection } from '../databases/connect.js';
import { readContents, type Contents } from '../databases/contents.js';
import { dumpToolsFor } from '../databases/dump-tools-for.js';
import { endLeftDumps } from '../databases/left-dumps.js';
import { readServiceIdentity } from '../databases/service-identity.js';
import { MayNotCreateDatabasesError, serverMajor } from '../databases/sibling-database.js';
import { expectedDumpBytes, lackOfRoomToRestore, requireRoom } from './room.js';
import { verifyByRestoring } from './verify-archive.js';

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
  /** The last backup, if there is one: the next one will be about as large. */
  readonly last?: Manifest;
  /** Where the database's files lie, if that is on this machine. */
  readonly databaseFolder?: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
}

/**
 * Makes one backup of the whole database and proves it. What is returned lies on the disk under its final name, with
 * its manifest; after an error nothing of it is left. Needs the lock of the backups.
 * @throws BackupFailedError
 */
export function makeBackup(order: BackupOrder): Promise<BackupFile> {
  return explainingFileFailures(() => make(order));
}

async function make(order: BackupOrder): Promise<BackupFile> {
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
  await endLeftDumps(client);
  const major = await serverMajor(client);
  const tools = await dumpToolsFor(major, order.programs);
  const databaseBytes = await sizeOf(client);
  await requireRoom(dir, expectedDumpBytes(databaseBytes, order.last));
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
  const auditHead = await headOf(client);
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
    database_bytes: databaseBytes,
    postgres: { server: taken.server, dump: tools.version },
    taken_at: taken.takenAt.toISOString(),
    migrations: contents.migrations,
    rows: contents.rows,
    key_ids: contents.keyIds,
    audit_head: auditHead,
  };
  return { tools, partial, name, manifest };
}

async function sizeOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ size: number }>(
    'SELECT pg_database_size(current_database()) AS size',
  );
  return rows[0]?.size ?? 0;
}

async function prove(
  { url, ring, proof, databaseFolder, now, signal, onStep }: BackupOrder,
  tools: DumpTools,
  file: string,
  manifest: Unproven,
): Promise<Manifest> {
  const { how, note } = proof(manifest.bytes);
  const proven = (verification: Manifest['verification'], why?: string): Manifest => ({
    ...manifest,
    verification,
    verified_at: now().toISOString(),
    note: why,
  });
  if (how === 'read') return proven('read', note);
  const lack = await lackOfRoomToRestore(databaseFolder, manifest.database_bytes);
  if (lack !== undefined)
    return proven('read', `It was only read through. ${lack} to restore it: free some.`);
  try {
    await verifyByRestoring(file, manifest, { tools, url, ring, signal, onStep });
    return proven('restore', note);
  } catch (error) {
    if (!(error instanceof MayNotCreateDatabasesError)) throw error;
    return proven('read', `It was only read through. ${error.message}`);
  }
}
