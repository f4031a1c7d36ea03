import type { Client } from 'pg';
import type { KeyRing } from '../../crypto/key-ring.js';
import { carryExports } from './carry-exports.js';
import { carryRings } from './carry-rings.js';
import type { PresentState } from './present-state.js';

/** Everything that lets somebody in without a password, or beyond it. Rows that hang on them go with them. */
const SESSIONS_AND_CODES = [
  'sessions',
  'invitations',
  'mfa_tokens',
  'oauth_flows',
  'oauth_codes',
  'passkey_challenges',
  'one_time_codes',
  'email_reverts',
  'not_me_links',
];

const ENDED_BY_RESTORE = 'The database was restored from a backup that was made while it ran.';

interface Completion {
  readonly deletions: PresentState['deletions'];
  readonly sequences: PresentState['sequences'];
  /** The present database's account of backups: the files are the same ones. */
  readonly backups: PresentState['backups'];
  /** The run that made the backup: inside it, it was still running. */
  readonly run:
    | { id: number; file: string; bytes: number; sha256: string; verifiedAt: string; verification: string }
    | undefined;
  readonly exportedKeys: PresentState['exportedKeys'];
  readonly tokenKeyRings: PresentState['tokenKeyRings'];
  readonly ring: KeyRing;
  /** Names of the backups that there are. */
  readonly files: readonly string[];
}

/**
 * Brings a restored database, which no one uses yet, up to what must hold now: deleted accounts are deleted, nobody is
 * logged in, numbers that were given are not given again, its account of backups is true, and it is known which keys stand in a recovery file.
 * @returns how many accounts were deleted again
 */
export async function completeRestored(
  client: Client,
  { deletions, sequences, backups, run, exportedKeys, tokenKeyRings, ring, files }: Completion,
): Promise<number> {
  await client.query('BEGIN');
  const ids = deletions.map(({ userId }) => userId);
  await client.query(
    `INSERT INTO public.account_deletions (user_id, deleted_at)
     SELECT * FROM unnest($1::bigint[], $2::timestamptz[]) ON CONFLICT DO NOTHING`,
    [ids, deletions.map(({ deletedAt }) => deletedAt)],
  );
  // Also what the dump's own list names: an account may have been deleted while its snapshot was taken.
  const { rowCount } = await client.query(
    'DELETE FROM public.users WHERE id IN (SELECT user_id FROM public.account_deletions)',
  );
  for (const table of SESSIONS_AND_CODES) await client.query(`DELETE FROM public.${table}`);
  await client.query('UPDATE public.users SET pending_email = NULL WHERE pending_email IS NOT NULL');
  await forgetMails(client);
  await client.query('DELETE FROM public.maintenance');
  const highest = ids.reduce((most, id) => Math.max(most, id), 0);
  await raiseSequences(client, [
    ...sequences,
    ...(highest > 0 ? [{ name: 'public.users_id_seq', last: String(highest) }] : []),
  ]);
  if (run)
    await client.query(
      `UPDATE public.backups SET state = 'verified', finished_at = $2, file = $3, bytes = $4, sha256 = $5,
                                 verified_at = $2, verification = $6 WHERE id = $1`,
      [run.id, run.verifiedAt, run.file, run.bytes, run.sha256, run.verification],
    );
  await client.query(
    `INSERT INTO public.backups SELECT row.* FROM jsonb_array_elements($1) AS told,
                                         jsonb_populate_record(NULL::public.backups, told) AS row
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(backups)],
  );
  await client.query(
    `UPDATE public.backups SET state = 'failed', finished_at = now(), error = $1 WHERE state = 'running'`,
    [ENDED_BY_RESTORE],
  );
  await client.query('UPDATE public.backups SET file = NULL WHERE file <> ALL ($1)', [files]);
  await carryExports(client, exportedKeys, ring);
  await carryRings(client, tokenKeyRings);
  await client.query('COMMIT');
  return rowCount ?? 0;
}

/** What the dump still had to send was sent since, or its code has ended. */
async function forgetMails(client: Client): Promise<void> {
  await client.query(
    `UPDATE public.mail_messages SET outcome = 'discarded', finished_at = now(), sealed = NULL, key_id = NULL
     WHERE outcome IS NULL`,
  );
  await client.query(`DELETE FROM pgboss.job WHERE name IN ('mail', 'mail-dead')`);
}

async function raiseSequences(client: Client, sequences: PresentState['sequences']): Promise<void> {
  for (const { name, last } of sequences) {
    await client.query(
      `SELECT setval($1::text::regclass, $2::bigint) FROM pg_sequences
       WHERE format('%I.%I', schemaname, sequencename) = $1::text AND coalesce(last_value, 0) < $2::bigint`,
      [name, last],
    );
  }
}
