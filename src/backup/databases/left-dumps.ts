import type { Client } from 'pg';
import { DUMP_APPLICATION } from '../archive/dump-archive.js';

/**
 * Ends the pg_dump of a process that was killed. Nobody waits for it any more, and until it has read everything it keeps
 * its locks, its snapshot and the room of a file whose name is gone. To be called under the lock of the backups, before
 * the first dump: whoever has it is the only one who dumps this database.
 */
export async function endLeftDumps(client: Client): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = current_user AND application_name = $1`,
    [DUMP_APPLICATION],
  );
}
