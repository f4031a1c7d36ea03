import type { Client } from 'pg';
import type { PresentState } from './present-state.js';

const USERS = 'public.users_id_seq';

/**
 * How many accounts may have been made since the backup where no present database can tell: the file of deletions is
 * then the only witness of numbers that were given.
 */
const UNTOLD = 1_000_000;

/**
 * The deletions of accounts that there can have been. Numbers that were given are not given again, so one line with a
 * number from the end of the range would leave none for anybody.
 * @param restored the restored database, before anything is brought up to date in it
 * @param sequences of the present database; empty where it cannot tell, or is another installation's
 */
export async function passOverImplausible(
  restored: Client,
  deletions: PresentState['deletions'],
  sequences: PresentState['sequences'],
): Promise<PresentState['deletions']> {
  const { rows } = await restored.query<{ last: string | null }>(
    `SELECT greatest((SELECT last_value FROM pg_sequences WHERE format('%I.%I', schemaname, sequencename) = $1),
                     (SELECT max(id) FROM public.users))::text AS last`,
    [USERS],
  );
  const present = sequences.find(({ name }) => name === USERS);
  const given = Math.max(Number(rows[0]?.last ?? 0), Number(present?.last ?? 0));
  const highest = present ? given : given + UNTOLD;
  return deletions.filter(({ userId }) => userId <= highest);
}
