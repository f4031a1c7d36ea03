import { sweepPassFiles } from '../archive/libpq.js';
import { BackupFailedError } from '../backup-failed-error.js';
import { explainingFileFailures } from '../file-failures.js';
import { BackupRunningError } from '../backup.errors.js';
import { prepareBackupFolder, removeUnfinished } from '../archive/backup-files.js';
import { withBackupLock } from '../databases/backup-lock.js';
import { withConnection } from '../databases/connect.js';
import { readServiceIdentity } from '../databases/service-identity.js';
import { dumpToolsFor } from '../databases/dump-tools-for.js';
import { turnMaintenanceOff } from '../databases/maintenance-switch.js';
import { dropLeftRestored, newRestoredName } from '../databases/restored-names.js';
import { currentDatabase, dropDatabase, serverMajor } from '../databases/sibling-database.js';
import { makeBackup } from '../runs/make-backup.js';
import { verifyBytes } from '../runs/verify-archive.js';
import { majorOf, refuseNewerBackup, refuseOlderServer } from './check-backup.js';
import { fillRestored } from './fill-restored.js';
import { replacePresent } from './replace-present.js';
import type { RestoreOrder, RestoreOutcome } from './restore-order.js';
import { warnOfForeignBackup } from './warn-of-foreign.js';

/**
 * Puts a backup in the place of the present database. Until the very last step the present database is used and
 * unchanged; afterwards it is kept under another name. Needs of the present database no more than that one can connect
 * to it.
 * @throws BackupFailedError
 * @throws BackupRunningError
 */
export function restoreBackup(order: RestoreOrder): Promise<RestoreOutcome> {
  return explainingFileFailures(() => restore(order));
}

async function restore(order: RestoreOrder): Promise<RestoreOutcome> {
  const { backup, urls, signal, onStep } = order;
  refuseNewerBackup(backup.manifest);
  const { database, major } = await withConnection(urls.direct, async (client) => ({
    database: await currentDatabase(client),
    major: await serverMajor(client),
  }));
  refuseOlderServer(backup.manifest, major);
  const tools = await dumpToolsFor(Math.max(major, majorOf(backup.manifest.postgres.dump)), order.programs);
  await verifyBytes(backup.file, backup.manifest, { tools, signal, onStep });
  await warnOfForeignBackup(backup.manifest, urls.direct, onStep);
  if (!(await order.confirm(database)))
    throw new BackupFailedError('The restore was not confirmed; nothing was changed.');
  const locked = await withBackupLock(urls.direct, (lost) =>
    restoreUnderLock({ ...order, signal: AbortSignal.any([signal, lost]) }, database, tools),
  );
  if (!locked) throw new BackupRunningError();
  return locked.done;
}

async function restoreUnderLock(
  order: RestoreOrder,
  database: string,
  tools: Awaited<ReturnType<typeof dumpToolsFor>>,
): Promise<RestoreOutcome> {
  const { urls, signal } = order;
  await dropLeftRestored(urls.direct);
  await sweepPassFiles(urls.direct);
  await withConnection(urls.direct, turnMaintenanceOff).catch(() => undefined);
  if (!order.withoutSafetyDump) await makeSafetyDump(order);
  const restored = newRestoredName(database);
  try {
    await fillRestored(order, tools, restored);
    signal.throwIfAborted();
    return await replacePresent(order, database, restored);
  } catch (error) {
    // Once it has taken the other one's place, there is none of this name.
    await withConnection(urls.direct, (client) => dropDatabase(client, restored)).catch(() => undefined);
    throw error;
  }
}

async function makeSafetyDump(order: RestoreOrder): Promise<void> {
  const { backupDir, urls, programs, ring, now, signal, onStep } = order;
  onStep('Making a backup of the present database …');
  try {
    await prepareBackupFolder(backupDir);
    await removeUnfinished(backupDir, await withConnection(urls.direct, readServiceIdentity));
    const { file } = await makeBackup({
      reason: 'restore',
      dir: backupDir,
      url: urls.direct,
      programs,
      ring,
      proof: () => ({ how: 'read', note: 'It was made before a restore.' }),
      now,
      signal,
      onStep: () => undefined,
    });
    onStep(`The present database is in ${file}.`);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new BackupFailedError(
      `The present database could not be backed up first: ${why} Nothing was changed. --without-safety-dump restores all the same; the present database is kept in any case.`,
    );
  }
}
