import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { listBackupFiles } from '../archive/backup-files.js';
import { BackupFailedError } from '../backup-failed-error.js';
import { withAdminConnection } from '../databases/admin-connection.js';
import { carryAuditLog, noteInAuditLog } from '../databases/carry-audit.js';
import { completeRestored } from '../databases/complete-restored.js';
import { withConnection } from '../databases/connect.js';
import { countLostVotes, stopVotesAndDeletions } from '../databases/lost-votes.js';
import { turnMaintenanceOff, turnMaintenanceOn } from '../databases/maintenance-switch.js';
import { passOverImplausible } from '../databases/plausible-deletions.js';
import { countNewer, readPresentState, type PresentState } from '../databases/present-state.js';
import { setAsideName } from '../databases/restored-names.js';
import { readServiceIdentity } from '../databases/service-identity.js';
import { swapDatabases, type Swap } from '../databases/swap-databases.js';
import { readDeletions } from '../ledger/deletions-file.js';
import { LOOK_EVERY_MS } from '../maintenance/maintenance-watch.service.js';
import type { RestoreOrder, RestoreOutcome } from './restore-order.js';

/** Every process of the service has looked twice. */
const SEEN_BY_ALL_MS = 2.5 * LOOK_EVERY_MS;

const REASON = 'A backup is being restored.';

/**
 * Stops the service's work on the present database, looks what would be lost, brings the restored one up to it and
 * swaps their names. After an error the present database is in use again.
 * @throws BackupFailedError
 */
export async function replacePresent(
  order: RestoreOrder,
  database: string,
  restored: string,
): Promise<RestoreOutcome> {
  const { urls, signal, onStep } = order;
  await withConnection(urls.direct, (present) =>
    withConnection(urls.direct, (client) => refuseLostVotes(order, present, client), restored),
  );
  try {
    return await withConnection(urls.direct, (present) =>
      withConnection(urls.direct, async (keeper) => {
        if (await turnOn(keeper)) {
          onStep('The service answers MAINTENANCE now …');
          await delay(SEEN_BY_ALL_MS, undefined, { signal });
        }
        const keeperPid = await pidOf(keeper);
        // From here until the names are swapped no vote can be cast and no account be deleted, also by who has not
        // heard of the maintenance.
        const areVotesStopped = await stopVotesAndDeletions(keeper).then(
          () => true,
          () => false,
        );
        const lostVotes = await withConnection(
          urls.direct,
          async (client) => {
            const lost = await refuseLostVotes(order, areVotesStopped ? present : undefined, client);
            await complete(order, present, client);
            return lost;
          },
          restored,
        );
        signal.throwIfAborted();
        onStep('Swapping the databases …');
        const setAside = setAsideName(database, order.now());
        await swap(urls.direct, {
          name: database,
          replacement: restored,
          setAside,
          keeper: keeperPid,
        });
        return { setAside, lostVotes };
      }),
    );
  } catch (error) {
    // The row would mean nothing any more, but it need not lie there.
    await withConnection(urls.direct, turnMaintenanceOff).catch(() => undefined);
    throw error;
  }
}

function swap(url: string, names: Swap): Promise<void> {
  return withAdminConnection(url, names.name, (renaming) =>
    withAdminConnection(url, names.name, (ending) => swapDatabases(renaming, ending, names)),
  );
}

/** A damaged database may have no place for it. */
async function turnOn(present: Client): Promise<boolean> {
  try {
    return await turnMaintenanceOn(present, REASON);
  } catch {
    return false;
  }
}

/**
 * @returns undefined when the present votes cannot be read, and that was accepted
 * @throws BackupFailedError
 */
async function refuseLostVotes(
  { acceptLostVotes }: RestoreOrder,
  present: Client | undefined,
  restored: Client,
): Promise<number | undefined> {
  const lost = present && (await countLostVotes(present, restored).catch(() => undefined));
  if (acceptLostVotes || lost === 0) return lost;
  const what =
    lost === undefined
      ? 'The votes of the present database cannot be read'
      : `${lost} ${lost === 1 ? 'vote' : 'votes'} of the present database would be lost`;
  throw new BackupFailedError(`${what}; nothing was changed. --accept-lost-votes restores all the same.`);
}

async function complete(order: RestoreOrder, present: Client, client: Client): Promise<void> {
  const { backup, backupDir, onStep } = order;
  const { manifest } = backup;
  const service = await readServiceIdentity(client);
  const { state, isSame } = await readPresent(order, present, service);
  const noted = (await readDeletions(backupDir)).filter((deletion) => deletion.service === service);
  const known = [
    ...state.deletions,
    ...noted.map(({ user_id, deleted_at }) => ({ userId: user_id, deletedAt: new Date(deleted_at) })),
  ];
  const deletions = await passOverImplausible(client, known, state.sequences);
  if (deletions.length < known.length)
    onStep(
      `Lines of deletions.jsonl passed over, about accounts that neither database has given a number: ${known.length - deletions.length}.`,
    );
  const deletedAgain = await completeRestored(client, {
    deletions,
    sequences: state.sequences,
    backups: state.backups,
    run:
      manifest.run_id === undefined
        ? undefined
        : {
            id: manifest.run_id,
            file: path.basename(backup.file),
            bytes: manifest.bytes,
            sha256: manifest.sha256,
            verifiedAt: manifest.verified_at,
            verification: manifest.verification,
          },
    exportedKeys: state.exportedKeys,
    tokenKeyRings: state.tokenKeyRings,
    ring: order.ring,
    files: (await listBackupFiles(backupDir)).map(({ file }) => path.basename(file)),
  });
  if (deletedAgain > 0) onStep(`Accounts deleted since the backup and now again: ${deletedAgain}.`);
  await completeAuditLog(order, isSame ? present : undefined, client);
}

/** The log tells of the restore, and goes on where the present one stands: what is on record stays so. */
async function completeAuditLog(
  { backup: { file, manifest }, onStep }: RestoreOrder,
  present: Client | undefined,
  restored: Client,
): Promise<void> {
  const carried = present && (await carryAuditLog(present, restored).catch(() => undefined));
  if (!carried || carried.lost)
    onStep(
      carried?.lost
        ? `The audit log of the present database does not continue that of the backup: it stays in the former database, up to its seal ${carried.lost.number}:${carried.lost.head}.`
        : 'The audit log of the present database stays in the former one.',
    );
  else if (carried.entries > 0)
    onStep(`Entries of the audit log since the backup, kept: ${carried.entries}.`);
  await noteInAuditLog(restored, 'sys_restore', {
    backup: path.basename(file),
    taken_at: manifest.taken_at,
    entries_kept: carried?.entries ?? 0,
    lost_seal: carried?.lost?.number ?? null,
    lost_head: carried?.lost?.head ?? null,
  });
}

/** What the present database knows of the same installation; of another one it means nothing. */
async function readPresent(
  { backup, onStep }: RestoreOrder,
  present: Client,
  service: string | null,
): Promise<{ state: Omit<PresentState, 'service'>; isSame: boolean }> {
  const newer = await countNewer(present, backup.manifest.taken_at).catch(() => undefined);
  if (newer)
    onStep(
      `Since the backup, and from now on in the former database alone: accounts ${newer.accounts}, notes ${newer.notes}.`,
    );
  try {
    const state = await readPresentState(present);
    if (state.service === service) return { state, isSame: true };
    onStep('The backup is of another installation: what was deleted here is not deleted in it.');
  } catch {
    onStep('The present database cannot tell which accounts were deleted; the file beside the backups does.');
  }
  return {
    state: { deletions: [], sequences: [], backups: [], exportedKeys: [], tokenKeyRings: [] },
    isSame: false,
  };
}

async function pidOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}
