import { BackupFailedError } from '../backup-failed-error.js';
import { withConnection } from '../databases/connect.js';
import { listSetAside, type SiblingDatabase } from '../databases/restored-names.js';
import { dropDatabase } from '../databases/sibling-database.js';

/** The databases that restores have replaced and that are kept, oldest first. */
export function listSetAsideDatabases(url: string): Promise<SiblingDatabase[]> {
  return withConnection(url, listSetAside);
}

/**
 * Drops one of them.
 * @param confirm asked once it is clear that it is one
 * @throws BackupFailedError
 */
export async function dropSetAside(
  url: string,
  name: string,
  confirm: () => Promise<boolean>,
): Promise<void> {
  await withConnection(url, async (client) => {
    const kept = await listSetAside(client);
    if (!kept.some((database) => database.name === name))
      throw new BackupFailedError(
        `"${name}" is no database that a restore has replaced; npm run cli -- backup:drop-old lists them.`,
      );
    if (!(await confirm())) throw new BackupFailedError('It was not confirmed; nothing was dropped.');
    await dropDatabase(client, name);
  });
}
