import type { Client } from 'pg';
import { openCanary } from '../../crypto/canary.js';
import { SealBrokenError } from '../../crypto/crypto.errors.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import { BackupFailedError } from '../backup-failed-error.js';
import type { Manifest } from '../archive/manifest.js';
import { readContents } from '../databases/contents.js';

type Expected = Pick<Manifest, 'rows' | 'migrations' | 'key_ids'>;

/**
 * Proves that a restored database is what was backed up: every table with its rows, the same migrations, and for
 * each key that rows need a canary that our own key opens.
 * @throws BackupFailedError with the first difference
 */
export async function checkRestored(client: Client, expected: Expected, ring: KeyRing): Promise<void> {
  const found = await readContents(client);
  const tables = new Set([...Object.keys(expected.rows), ...Object.keys(found.rows)]);
  for (const table of tables) {
    const [before, after] = [expected.rows[table], found.rows[table]];
    if (before !== after)
      throw new BackupFailedError(
        `The restored table ${table} has ${after ?? 'no'} rows instead of ${before ?? 'none at all'}: do not rely on this backup, make another one.`,
      );
  }
  if (found.migrations.join() !== expected.migrations.join())
    throw new BackupFailedError(
      'The restored database has other migrations than the one that was backed up: do not rely on this backup.',
    );
  if (found.keyIds.join() !== expected.key_ids.join())
    throw new BackupFailedError(
      'The restored database needs other keys than the one that was backed up: do not rely on this backup.',
    );
  await openCanaries(client, expected.key_ids, ring);
}

async function openCanaries(client: Client, keyIds: readonly string[], ring: KeyRing): Promise<void> {
  for (const id of keyIds) {
    if (!ring.ids.includes(id))
      throw new BackupFailedError(
        `The backup needs the key "${id}", which APP_ENCRYPTION_KEY does not hold: add it there, or give the recovery file of keys:export.`,
      );
    const { rows } = await client.query<{ sealed: Buffer }>(
      'SELECT sealed FROM public.key_canaries WHERE key_id = $1',
      [id],
    );
    const [canary] = rows;
    if (!canary) throw new BackupFailedError(`The restored database has no canary for the key "${id}".`);
    try {
      openCanary(ring.find(id), canary.sealed);
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error;
      throw new BackupFailedError(
        `The key "${id}" of APP_ENCRYPTION_KEY is not the one that this backup was made with: put the right one there, or give the recovery file of keys:export.`,
      );
    }
  }
}
