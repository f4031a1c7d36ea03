import type { Client } from 'pg';
import { hasAuditLog } from './carry-audit.js';

/** Votes that are compared at once. */
const BATCH = 10_000;
/** A transaction that goes on longer than this is none of a request. */
const WRITES_END_WITHIN = '60s';

const NOTHING = '00000000-0000-0000-0000-000000000000';

/**
 * Keeps votes from being cast, accounts from being deleted and the audit log from growing, until this connection's transaction ends; waits for
 * what is going on.
 * @returns false where the database has no tables of votes
 */
export async function stopVotesAndDeletions(client: Client): Promise<boolean> {
  if (!(await hasVotes(client))) return false;
  await client.query('BEGIN');
  await client.query(`SET LOCAL lock_timeout = '${WRITES_END_WITHIN}'`);
  await client.query('LOCK TABLE public.participations, public.ballots IN SHARE MODE');
  // A schema from before the ledger has none.
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('public.account_deletions') IS NOT NULL AS exists`,
  );
  if (rows[0]?.exists) await client.query('LOCK TABLE public.account_deletions IN SHARE MODE');
  if (await hasAuditLog(client))
    await client.query('LOCK TABLE public.audit_events, public.audit_seals IN SHARE MODE');
  return true;
}

/** How many votes of the present database the other one does not have: ballots, or notes that somebody has voted. */
export async function countLostVotes(present: Client, restored: Client): Promise<number> {
  if (!(await hasVotes(present))) return 0;
  return Math.max(
    await countLostBallots(present, restored),
    await countLostParticipations(present, restored),
  );
}

async function countLostBallots(present: Client, restored: Client): Promise<number> {
  let lost = 0;
  for (let after = NOTHING; ;) {
    const { rows } = await present.query<{ id: string }>(
      `SELECT id FROM public.ballots WHERE id > $1 ORDER BY id LIMIT ${BATCH}`,
      [after],
    );
    const last = rows.at(-1);
    if (!last) return lost;
    const found = await restored.query<{ count: number }>(
      `SELECT count(*) AS count FROM unnest($1::uuid[]) AS present (id)
       WHERE NOT EXISTS (SELECT FROM public.ballots b WHERE b.id = present.id)`,
      [rows.map(({ id }) => id)],
    );
    lost += found.rows[0]?.count ?? 0;
    after = last.id;
  }
}

async function countLostParticipations(present: Client, restored: Client): Promise<number> {
  let lost = 0;
  for (let after = { election: 0, voter: NOTHING }; ;) {
    const { rows } = await present.query<{ election: number; voter: string }>(
      `SELECT election_id AS election, voter_key AS voter FROM public.participations
       WHERE (election_id, voter_key) > ($1, $2) ORDER BY election_id, voter_key LIMIT ${BATCH}`,
      [after.election, after.voter],
    );
    const last = rows.at(-1);
    if (!last) return lost;
    const found = await restored.query<{ count: number }>(
      `SELECT count(*) AS count FROM unnest($1::bigint[], $2::uuid[]) AS present (election, voter)
       WHERE NOT EXISTS (SELECT FROM public.participations p
                         WHERE p.election_id = present.election AND p.voter_key = present.voter)`,
      [rows.map(({ election }) => election), rows.map(({ voter }) => voter)],
    );
    lost += found.rows[0]?.count ?? 0;
    after = last;
  }
}

/** A database that the service was never started on has none; of one that was, a missing table is a damage. */
async function hasVotes(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('public.migrations') IS NOT NULL OR to_regclass('public.ballots') IS NOT NULL AS exists`,
  );
  return rows[0]?.exists ?? false;
}
