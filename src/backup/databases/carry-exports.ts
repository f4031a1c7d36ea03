import type { Client } from 'pg';
import { openCanary } from '../../crypto/canary.js';
import { SealBrokenError } from '../../crypto/crypto.errors.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import type { PresentState } from './present-state.js';

/**
 * Notes in the restored database which keys stand in a recovery file already. A key counts as the same one only when
 * the ring's entry of its id opens the canaries of both databases; one that the backup is too old for gets its canary.
 * @param exported of the same installation
 */
export async function carryExports(
  client: Client,
  exported: PresentState['exportedKeys'],
  ring: KeyRing,
): Promise<void> {
  const { rows } = await client.query<{ id: string; sealed: Buffer }>(
    'SELECT key_id AS id, sealed FROM public.key_canaries',
  );
  const restored = new Map(rows.map(({ id, sealed }) => [id, sealed]));
  for (const { id, sealed, exportedAt } of exported) {
    if (![sealed, restored.get(id) ?? sealed].every((canary) => opens(ring, id, canary))) continue;
    await client.query(
      `INSERT INTO public.key_canaries AS restored (key_id, sealed, exported_at) VALUES ($1, $2, $3)
       ON CONFLICT (key_id) DO UPDATE SET exported_at = greatest(restored.exported_at, excluded.exported_at)`,
      [id, sealed, exportedAt],
    );
  }
}

function opens(ring: KeyRing, id: string, sealed: Buffer): boolean {
  if (!ring.ids.includes(id)) return false;
  try {
    return openCanary(ring.find(id), sealed);
  } catch (error) {
    if (error instanceof SealBrokenError) return false;
    throw error;
  }
}
