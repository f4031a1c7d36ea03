import type { Client, QueryResultRow } from 'pg';
import { readServiceIdentity } from './service-identity.js';

const UNDEFINED_TABLE_OR_COLUMN = ['42P01', '42703'];

/** What a restored database must know of the one whose place it takes. */
export interface PresentState {
  /** See SERVICE_IDENTITY; null while there is no account. */
  readonly service: string | null;
  readonly deletions: { readonly userId: number; readonly deletedAt: Date }[];
  /** Quoted names with schema, and the number that each gave last. */
  readonly sequences: { readonly name: string; readonly last: string }[];
  /** Its account of backups, row by row. */
  readonly backups: Record<string, unknown>[];
  /** The keys that stand in a recovery file, by their canaries. */
  readonly exportedKeys: { readonly id: string; readonly sealed: Buffer; readonly exportedAt: Date }[];
  /** The rings of token keys that it was last started with, row by row: ids and fingerprints. */
  readonly tokenKeyRings: Record<string, unknown>[];
}

/**
 * A table or a column that the present schema does not have yet counts as empty.
 * @throws an error of the database where a table is damaged
 */
export async function readPresentState(client: Client): Promise<PresentState> {
  const sequences = await client.query<{ name: string; last: string }>(
    `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS last FROM pg_sequences
     WHERE last_value IS NOT NULL AND increment_by > 0 AND NOT cycle`,
  );
  return {
    service: await readServiceIdentity(client),
    deletions: await rowsOf<PresentState['deletions'][number]>(
      client,
      'SELECT user_id AS "userId", deleted_at AS "deletedAt" FROM public.account_deletions',
    ),
    sequences: sequences.rows,
    backups: await rowsAsJson(client, 'backups'),
    exportedKeys: await rowsOf<PresentState['exportedKeys'][number]>(
      client,
      `SELECT key_id AS id, sealed, exported_at AS "exportedAt" FROM public.key_canaries
       WHERE exported_at IS NOT NULL`,
    ),
    tokenKeyRings: await rowsAsJson(client, 'token_key_rings'),
  };
}

async function rowsAsJson(
  client: Client,
  table: 'backups' | 'token_key_rings',
): Promise<Record<string, unknown>[]> {
  const rows = await rowsOf<{ row: Record<string, unknown> }>(
    client,
    `SELECT to_jsonb(t) AS row FROM public.${table} t`,
  );
  return rows.map(({ row }) => row);
}

async function rowsOf<Row extends QueryResultRow>(client: Client, text: string): Promise<Row[]> {
  try {
    return (await client.query<Row>(text)).rows;
  } catch (error) {
    if (UNDEFINED_TABLE_OR_COLUMN.includes((error as { code?: string }).code ?? '')) return [];
    throw error;
  }
}

/** What was made since that moment, and goes with the database: accounts and notes. */
export async function countNewer(
  client: Client,
  since: string,
): Promise<{ accounts: number; notes: number }> {
  const { rows } = await client.query<{ accounts: number; notes: number }>(
    `SELECT (SELECT count(*) FROM public.users WHERE created_at > $1) AS accounts,
            (SELECT count(*) FROM public.notes WHERE created_at > $1) AS notes`,
    [since],
  );
  return rows[0] ?? { accounts: 0, notes: 0 };
}
