import type { DumpTools } from '../../database/embedded/find-dump-tools.js';
import { migrate } from '../../database/migrate.js';
import { BackupFailedError } from '../backup-failed-error.js';
import { restoreArchive } from '../archive/restore-archive.js';
import { withConnection } from '../databases/connect.js';
import { copyDatabaseSettings } from '../databases/copy-settings.js';
import { createSibling } from '../databases/sibling-database.js';
import { lackOfRoomToRestore } from '../runs/room.js';
import { checkRestored } from '../runs/check-restored.js';
import type { RestoreOrder } from './restore-order.js';

/**
 * Makes a new database out of the backup, proves that it is what was backed up, and brings its schema up to date.
 * @throws BackupFailedError
 */
export async function fillRestored(
  { backup: { file, manifest }, urls, databaseFolder, ring, signal, onStep }: RestoreOrder,
  tools: DumpTools,
  database: string,
): Promise<void> {
  const lack = await lackOfRoomToRestore(databaseFolder, manifest.database_bytes);
  if (lack !== undefined)
    throw new BackupFailedError(`${lack} to restore it beside the present database: free some.`);
  onStep(`Restoring into the new database ${database} …`);
  await withConnection(urls.direct, async (client) => {
    await createSibling(client, database);
    const left = await copyDatabaseSettings(client, database);
    if (left.length > 0)
      onStep(`Settings of the database that its owner may not make, to be made again: ${left.join(', ')}.`);
  });
  await restoreArchive({ tools, url: urls.direct, database, file, signal });
  onStep('Comparing what came out …');
  await withConnection(urls.direct, (client) => checkRestored(client, manifest, ring), database);
  signal.throwIfAborted();
  // Also gives the app's role its rights, which no dump holds.
  await migrate(urls, onStep, undefined, database);
  signal.throwIfAborted();
  await withConnection(urls.direct, (client) => client.query('ANALYZE'), database);
}
