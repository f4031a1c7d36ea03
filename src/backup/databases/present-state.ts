import type { Client } from 'pg';
import { SERVICE_IDENTITY } from './service-identity.js';

/** What a restored database must know of the one whose place it takes. */
export interface PresentState {
  /** See SERVICE_IDENTITY; null while there is no account. */
  readonly service: string | null;
  readonly deletions: { readonly userId: number; readonly deletedAt: Date }[];
  /** Quoted names with schema, and the number that each gave last. */
  readonly sequences: { readonly name: string; readonly last: string }[];
  /** Its account of backups, row by row. */
  readonly backups: Record<string, unknown>[];
}

export async function readServiceIdentity(client: Client): Promise<string | null> {
  const { rows } = await client.query<{ service: string | null }>(`SELECT ${SERVICE_IDENTITY} AS service`);
  return rows[0]?.service ?? null;
}

/** @throws an error of the database where a table is missing or damaged */
export async function readPresentState(client: Client): Promise<PresentState> {
  const deletions = await client.query<{ userId: number; deletedAt: Date }>(
    'SELECT user_id AS "userId", deleted_at AS "deletedAt" FROM public.account_deletions',
  );
  const sequences = await client.query<{ name: string; last: string }>(
    `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS last FROM pg_sequences
     WHERE last_value IS NOT NULL AND increment_by > 0 AND NOT cycle`,
  );
  const backups = await client.query<{ row: Record<string, unknown> }>(
    'SELECT to_jsonb(b) AS row FROM public.backups b',
  );
  return {
    service: await readServiceIdentity(client),
    deletions: deletions.rows,
    sequences: sequences.rows,
    backups: backups.rows.map(({ row }) => row),
  };
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
