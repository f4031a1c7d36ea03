import type { Client } from 'pg';
import { BackupFailedError } from '../backup-failed-error.js';
import { withConnection } from './connect.js';

const LOCK_NOT_AVAILABLE = '55P03';

/** Every table that a dump copies: what is locked so is read by everybody and written by nobody. */
const LOCK_ALL = `DO $$ DECLARE it record; BEGIN
  FOR it IN SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
              AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
              AND NOT EXISTS (SELECT FROM pg_depend d
                              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            ORDER BY 1, 2
  LOOP EXECUTE format('LOCK TABLE ONLY %I.%I IN SHARE MODE', it.nspname, it.relname); END LOOP;
END $$`;

/**
 * Does something while nobody can write to any table of a database. Whoever tries waits until it is over.
 * @param work gets the connection that holds the locks: a question to it fails once they are lost
 * @throws BackupFailedError when somebody keeps writing
 */
export async function withFrozenTables<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  return withConnection(url, async (client) => {
    await client.query('BEGIN');
    await client.query(`SET LOCAL lock_timeout = '10s'`);
    try {
      await client.query(LOCK_ALL);
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      throw new BackupFailedError('Somebody is writing to the database: stop the service, and try again.');
    }
    try {
      return await work(client);
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  });
}

/** How many connections of the service this database has. */
export async function countServiceConnections(client: Client): Promise<number> {
  // Inside a transaction the first answer would be given again.
  await client.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*) AS count FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'mc101'`,
  );
  return rows[0]?.count ?? 0;
}
