import type { Client } from 'pg';
import type { PresentState } from './present-state.js';

/**
 * Notes in the restored database which rings of token keys the service was last started with: what came or went since
 * the backup is on record already, and is no news at the next start.
 * @param rings of the same installation
 */
export async function carryRings(client: Client, rings: PresentState['tokenKeyRings']): Promise<void> {
  await client.query(
    `INSERT INTO public.token_key_rings
     SELECT row.* FROM jsonb_array_elements($1) AS told, jsonb_populate_record(NULL::public.token_key_rings, told) AS row
     ON CONFLICT (variable) DO UPDATE
       SET key_ids = excluded.key_ids, fingerprints = excluded.fingerprints, noted_at = excluded.noted_at`,
    [JSON.stringify(rings)],
  );
}
