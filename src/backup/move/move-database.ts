import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { DatabaseUrls, ProgramFolders } from '../../config/app-config.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import { migrate } from '../../database/migrate.js';
import { MIGRATIONS } from '../../migrations/migrations.js';
import type { BackupFile } from '../archive/backup-files.js';
import { restoreArchive } from '../archive/restore-archive.js';
import { BackupFailedError } from '../backup-failed-error.js';
import { BackupRunningError } from '../backup.errors.js';
import { noteInAuditLog } from '../databases/carry-audit.js';
import { withBackupLock } from '../databases/backup-lock.js';
import { withConnection } from '../databases/connect.js';
import { dumpToolsFor } from '../databases/dump-tools-for.js';
import { listForeignConnections, withFrozenTables } from '../databases/frozen-database.js';
import { endLeftDumps } from '../databases/left-dumps.js';
import {
  checkMoveTarget,
  clearMoveTarget,
  describeSource,
  markMoveTarget,
  unmarkMoveTarget,
  type MoveSource,
} from '../databases/move-target.js';
import { checkRestored } from '../runs/check-restored.js';
import { makeBackup } from '../runs/make-backup.js';

/** A program that has ended may still be saying goodbye to the server. */
const GOODBYES = { looks: 10, everyMs: 200 };

export interface MoveOrder {
  /** The source: its owner's role, past any pooler. */
  readonly from: string;
  /** An empty database. */
  readonly to: DatabaseUrls;
  /** Of backups: the dump that is moved stays there as one. */
  readonly dir: string;
  readonly programs: ProgramFolders;
  readonly ring: KeyRing;
  /** The operator vouches that connections which look like the service's are a pooler's. */
  readonly isServiceStopped: boolean;
  /** Called once the target has proved to be empty, before anything is copied. */
  readonly onTargetEmpty?: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
}

/**
 * Copies everything from one database into another, empty one, compares it, and makes it ready for the service. Nobody
 * can write to the source meanwhile, and nothing in it is changed. The target is complete afterwards or, after an error,
 * empty as before; after a kill, the next try empties it.
 * @returns the backup of the source that was made on the way
 * @throws BackupRunningError
 * @throws BackupFailedError
 */
export async function moveDatabase(order: MoveOrder): Promise<BackupFile> {
  const done = await withBackupLock(order.from, async (lost) => {
    const signal = AbortSignal.any([lost, order.signal]);
    const source = await withConnection(order.from, async (client) => {
      // Before services are looked for: it is as connected as they are, and the operator has none to stop.
      await endLeftDumps(client);
      return describeSource(client);
    });
    await reachAs('the app', order.to.app);
    await reachAs("the schema's owner", order.to.direct);
    const moved = await withBackupLock(order.to.direct, (alsoLost) =>
      withConnection(order.to.direct, (target) =>
        move({ ...order, signal: AbortSignal.any([signal, alsoLost]) }, source, target),
      ),
    );
    if (!moved)
      throw new BackupFailedError(
        'The target is the source itself, or another process moves, restores or backs it up: give another one, or try later.',
      );
    return moved.done;
  });
  if (!done) throw new BackupRunningError();
  return done.done;
}

async function move(order: MoveOrder, source: MoveSource, target: Client): Promise<BackupFile> {
  const { from, to, onStep, signal } = order;
  onStep('Looking at the target …');
  await checkMoveTarget(target, source);
  return withFrozenTables(from, async (frozen) => {
    await refuseServices(order, frozen);
    const backup = await dump(order);
    refuseForeignSchema(backup);
    await markMoveTarget(target);
    try {
      await order.onTargetEmpty?.();
      await fill(order, source, backup, target);
      signal.throwIfAborted();
      // Whoever came meanwhile has written nothing yet, and would write to the source as soon as this ends.
      await refuseServices(order, frozen);
      await migrate(to, onStep);
      await noteInAuditLog(target, 'sys_database_moved', { backup: path.basename(backup.file) });
      await target.query('ANALYZE');
      await readAsApp(to.app);
      await unmarkMoveTarget(target);
    } catch (error) {
      await clearMoveTarget(target).catch(() => {
        onStep('The target could not be emptied again; the next try does it.');
      });
      throw error;
    }
    return backup;
  });
}

async function refuseServices({ isServiceStopped, signal }: MoveOrder, source: Client): Promise<void> {
  if (isServiceStopped) return;
  let connections = await listForeignConnections(source);
  for (let look = 1; connections.length > 0 && look < GOODBYES.looks; look += 1) {
    await delay(GOODBYES.everyMs, undefined, { signal });
    connections = await listForeignConnections(source);
  }
  const names = new Set(connections.map(({ role, application }) => `${application || 'no name'} as ${role}`));
  if (connections.length > 0)
    throw new BackupFailedError(
      `The service is connected to the source (connections: ${connections.length}; ${[...names].join(', ')}), and what it writes after the move would be lost: stop every process of it. If these are only a pooler's, add --service-is-stopped.`,
    );
}

async function dump({ from, dir, programs, ring, signal, onStep }: MoveOrder): Promise<BackupFile> {
  return makeBackup({
    reason: 'move',
    dir,
    url: from,
    programs,
    ring,
    proof: () => ({ how: 'read', note: 'It was made for a move, whose target proves it.' }),
    now: () => new Date(),
    signal,
    onStep,
  });
}

function refuseForeignSchema({ manifest: { migrations } }: BackupFile): void {
  const known = new Set<string>(MIGRATIONS.map(({ name }) => name));
  if (migrations.length === 0)
    throw new BackupFailedError('The source holds no data of this service: correct DATABASE_URL.');
  if (migrations.some((name) => !known.has(name)))
    throw new BackupFailedError(
      'The source has migrations that this version does not know: move it with the newer version.',
    );
}

async function fill(
  { to, programs, ring, signal, onStep }: MoveOrder,
  { major }: MoveSource,
  { file, manifest }: BackupFile,
  target: Client,
): Promise<void> {
  onStep('Copying into the target …');
  const tools = await dumpToolsFor(major, programs);
  await restoreArchive({ tools, url: to.direct, database: target.database ?? '', file, signal });
  onStep('Comparing what came out …');
  await checkRestored(target, manifest, ring);
}

async function reachAs(who: string, url: string): Promise<void> {
  try {
    await withConnection(url, (client) => client.query('SELECT'));
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    throw new BackupFailedError(
      `The target cannot be reached as ${who} (${code ?? message}): correct its address, role and password.`,
    );
  }
}

/** The rights that migrations give hold for the role that the service will use. */
async function readAsApp(url: string): Promise<void> {
  await withConnection(url, (client) => client.query('SELECT FROM public.users LIMIT 1'));
}
