import type { Client } from 'pg';

/**
 * A word that tells one installation from another and that every dump of it carries: when the first of its lifelong
 * keys was made, to the microsecond. NULL while there is no account yet. Ids of accounts mean something only within it.
 */
export const SERVICE_IDENTITY = `(SELECT to_char(min(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM public.service_keys)`;

/** @returns SERVICE_IDENTITY, null also for a database without our tables */
export async function readServiceIdentity(client: Client): Promise<string | null> {
  const { rows: tables } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('public.service_keys') IS NOT NULL AS exists`,
  );
  if (!tables[0]?.exists) return null;
  const { rows } = await client.query<{ service: string | null }>(`SELECT ${SERVICE_IDENTITY} AS service`);
  return rows[0]?.service ?? null;
}
