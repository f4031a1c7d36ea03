import { withConnection } from './connect.js';

/** Any constant will do, as long as every process of the service takes the same one. */
const BACKUP_LOCK = 4_101_000_002;

/** The backend that holds the lock of the connection's database, as a query of its pid. */
export const BACKUP_LOCK_HOLDER = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32) + objid::bigint = ${BACKUP_LOCK}`;

/**
 * Does something while no other process of the service makes or restores a backup of this database. The lock belongs
 * to a connection of its own; where that breaks, `lost` is aborted, as another process may have taken the lock since.
 * @param url past any pooler
 * @returns undefined when another process has the lock
 */
export async function withBackupLock<T>(
  url: string,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<{ done: T } | undefined> {
  return withConnection(url, async (client) => {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      BACKUP_LOCK,
    ]);
    if (!rows[0]?.taken) return undefined;
    const lost = new AbortController();
    const onEnd = () => {
      lost.abort(new Error('The connection that held the lock of the backup broke.'));
    };
    client.once('end', onEnd);
    try {
      return { done: await work(lost.signal) };
    } finally {
      client.off('end', onEnd);
    }
  });
}
