import { escapeIdentifier, type Client } from 'pg';

/**
 * Tables whose rows hold keys and secrets under entries of APP_ENCRYPTION_KEY, in their column `key_id`. Not those of
 * mails: a restored database sends none that the dump still had to send.
 */
const TABLES_OF_WRAPPED_KEYS = ['user_keys', 'service_keys', 'mfa_totp'];

/** What a database holds, as one transaction sees it. */
export interface Contents {
  /** Rows by table, "schema.name", of every table that a dump copies. */
  readonly rows: Record<string, number>;
  /** Names, in the order in which they ran. */
  readonly migrations: string[];
  /** The entries of APP_ENCRYPTION_KEY that rows need, sorted. */
  readonly keyIds: string[];
}

/** @param client best inside a transaction of one snapshot */
export async function readContents(client: Client): Promise<Contents> {
  const rows: Record<string, number> = {};
  for (const { schema, name } of await listTables(client)) {
    const counted = await client.query<{ count: number }>(
      `SELECT count(*) AS count FROM ONLY ${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    );
    rows[`${schema}.${name}`] = counted.rows[0]?.count ?? 0;
  }
  return { rows, migrations: await readMigrations(client, rows), keyIds: await readKeyIds(client, rows) };
}

/** Ordinary tables and partitions; those of an extension are made by it. */
async function listTables(client: Client): Promise<{ schema: string; name: string }[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't'
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
       AND NOT EXISTS (SELECT FROM pg_depend d
                       WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1, 2`,
  );
  return rows;
}

async function readMigrations(client: Client, tables: Record<string, number>): Promise<string[]> {
  if (tables['public.migrations'] === undefined) return [];
  const { rows } = await client.query<{ name: string }>('SELECT name FROM public.migrations ORDER BY id');
  return rows.map(({ name }) => name);
}

async function readKeyIds(client: Client, tables: Record<string, number>): Promise<string[]> {
  const ids = new Set<string>();
  for (const table of TABLES_OF_WRAPPED_KEYS) {
    if (tables[`public.${table}`] === undefined) continue;
    const { rows } = await client.query<{ id: string }>(
      `SELECT DISTINCT key_id AS id FROM public.${escapeIdentifier(table)}`,
    );
    for (const { id } of rows) ids.add(id);
  }
  return [...ids].sort();
}
