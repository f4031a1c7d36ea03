import type { Client } from 'pg';
import { BackupFailedError } from '../backup-failed-error.js';
import { BACKUP_LOCK_HOLDER } from './backup-lock.js';
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

/** A connection that may belong to the service. */
export interface ForeignConnection {
  readonly role: string;
  readonly application: string;
}

/**
 * Connections to this database of roles that may write what the service writes, whatever they call themselves: all but
 * this one and the one that holds the lock of the backups. Other superusers look after the server.
 */
export async function listForeignConnections(client: Client): Promise<ForeignConnection[]> {
  // Inside a transaction the first answer would be given again.
  await client.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await client.query<ForeignConnection>(
    `SELECT a.usename AS role, a.application_name AS application
     FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.pid NOT IN (${BACKUP_LOCK_HOLDER})
       AND (r.rolname = current_user OR (NOT r.rolsuper AND to_regclass('public.users') IS NOT NULL
                                         AND has_table_privilege(r.oid, to_regclass('public.users'), 'INSERT')))
     ORDER BY 1, 2`,
  );
  return rows;
}
