import type { Client } from 'pg';
import { BackupFailedError } from '../backup-failed-error.js';
import { serverMajor } from './sibling-database.js';

/** A schema without anything in it says that all that the database holds came from a move that did not end. */
const MARK = 'mc101_unfinished_move';

const OLDEST_SERVER = 15;

/** What a target must match. */
export interface MoveSource {
  readonly major: number;
  readonly encoding: string;
}

const OF_NO_EXTENSION = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;
const OF_NO_SYSTEM = `n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'`;

/** Whatever somebody made: what stands there, and the statement that removes it. */
const CONTENTS = `
  SELECT 'the schema ' || n.nspname AS what, format('DROP SCHEMA IF EXISTS %I CASCADE', n.nspname) AS removal
  FROM pg_namespace n
  WHERE ${OF_NO_SYSTEM} AND n.nspname NOT IN ('public', '${MARK}') AND ${OF_NO_EXTENSION('pg_namespace', 'n.oid')}
  UNION ALL
  SELECT 'the relation ' || c.relname, format('DROP %s IF EXISTS public.%I CASCADE', CASE c.relkind
    WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
    WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, c.relname)
  FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    AND ${OF_NO_EXTENSION('pg_class', 'c.oid')}
    AND NOT EXISTS (SELECT FROM pg_depend d  -- the sequence of a column goes with its table
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND c.relkind = 'S' AND d.deptype IN ('a', 'i'))
  UNION ALL
  SELECT 'the function ' || p.proname, format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
  FROM pg_proc p
  WHERE p.pronamespace = 'public'::regnamespace AND ${OF_NO_EXTENSION('pg_proc', 'p.oid')}
  UNION ALL
  SELECT 'the type ' || t.typname, format('DROP TYPE IF EXISTS public.%I CASCADE', t.typname)
  FROM pg_type t
  WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd') AND ${OF_NO_EXTENSION('pg_type', 't.oid')}`;

/** What of the source decides which targets fit it. */
export async function describeSource(client: Client): Promise<MoveSource> {
  const { rows } = await client.query<{ encoding: string }>(
    `SELECT current_setting('server_encoding') AS encoding`,
  );
  return { major: await serverMajor(client), encoding: rows[0]?.encoding ?? '' };
}

/**
 * Proves that a database can take what is moved: fitting server, rights, nothing in it. What a move left behind that did
 * not end goes.
 * @throws BackupFailedError
 */
export async function checkMoveTarget(client: Client, source: MoveSource): Promise<void> {
  const { major, encoding } = await describeSource(client);
  const oldest = Math.max(OLDEST_SERVER, source.major);
  if (major < oldest)
    throw new BackupFailedError(
      `The target is PostgreSQL ${major}, and must be ${oldest} or newer: a dump goes into no older server than it came from.`,
    );
  if (encoding !== source.encoding)
    throw new BackupFailedError(
      `The target's encoding is ${encoding}, and must be ${source.encoding}: make it with ENCODING '${source.encoding}' TEMPLATE template0.`,
    );
  await checkRights(client);
  if (await isMarked(client)) return clearMoveTarget(client);
  const { rows } = await client.query<{ what: string }>(`${CONTENTS} LIMIT 1`);
  const [found] = rows;
  if (found)
    throw new BackupFailedError(
      `The target is not empty (${found.what}): give an empty database, so that nothing in it is lost.`,
    );
}

/** From here on everything in the target belongs to the move. */
export async function markMoveTarget(client: Client): Promise<void> {
  await client.query(`CREATE SCHEMA ${MARK}`);
}

/** The move is done: what the target holds is the service's. */
export async function unmarkMoveTarget(client: Client): Promise<void> {
  await client.query(`DROP SCHEMA ${MARK}`);
}

/** Makes a target as empty as it was. To be called for a marked one alone. */
export async function clearMoveTarget(client: Client): Promise<void> {
  // The pg_restore of a killed process may still be writing. What holds the lock of the move is this process.
  await client.query(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
       AND application_name = 'mc101 backup'
       AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`,
  );
  await client.query('BEGIN');
  const { rows } = await client.query<{ removal: string }>(CONTENTS);
  for (const { removal } of rows) await client.query(removal);
  await unmarkMoveTarget(client);
  await client.query('COMMIT');
}

async function isMarked(client: Client): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [MARK]);
  return rowCount === 1;
}

async function checkRights(client: Client): Promise<void> {
  const { rows } = await client.query<{ role: string; database: boolean; schema: boolean }>(
    `SELECT current_user AS role, has_database_privilege(current_database(), 'CREATE') AS database,
            has_schema_privilege('public', 'CREATE') AS schema`,
  );
  const [rights] = rows;
  if (rights && !(rights.database && rights.schema))
    throw new BackupFailedError(
      `The role ${rights.role} may not create tables in the target: make it the owner of the database, and give it as --owner-to.`,
    );
}
