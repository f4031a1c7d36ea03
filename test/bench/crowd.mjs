// People straight into the tables: the bench measures what they do, not how they register.
import argon2 from 'argon2';
import pg from 'pg';
import { ACCOUNTS, PASSWORD } from './settings.mjs';

/** Strings that sort and compare as they are: no folding is needed to normalise them. */
export const emailOf = (n) => `person-${n}@bench.example.com`;

/** As long and of the same words: a password is judged by them, too. */
export const nobodysEmailOf = (n) => `person-${n}@bench.example.net`;

/** The service's production parameters (OWASP); the service would replace hashes of any other. */
export const ARGON2 = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Makes `size` accounts, each with a session, of which the first ACCOUNTS have a password, and one candidate in the
 * default election.
 * @returns the people in order and the candidate's id
 */
export async function prepareCrowd(ownerUrl, size) {
  const passwordHash = await argon2.hash(PASSWORD, ARGON2);
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const people = await insertPeople(client, size, passwordHash);
    const candidate = await insertCandidate(client);
    await client.query('VACUUM ANALYZE');
    return { people, ...candidate };
  } finally {
    await client.end();
  }
}

async function insertPeople(client, size, passwordHash) {
  const { rows } = await client.query(
    `WITH crowd AS (
       INSERT INTO users (name, email, email_normalized, password_hash, voter_key)
       SELECT 'Person ' || n, replace($2, '#', n::text), replace($2, '#', n::text),
              CASE WHEN n < $3 THEN $4 END, gen_random_uuid()
       FROM generate_series(0, $1::int - 1) n RETURNING id
     ), logins AS (
       INSERT INTO sessions (user_id, expires_at) SELECT id, now() + interval '1 day' FROM crowd RETURNING id, user_id
     )
     SELECT user_id::float8 AS "userId", id AS "sessionId" FROM logins ORDER BY user_id`,
    [size, emailOf('#'), ACCOUNTS, passwordHash],
  );
  return rows;
}

async function insertCandidate(client) {
  const { rows } = await client.query(
    `INSERT INTO candidates (election_id, name, name_normalized, party)
     SELECT id, 'Ada Lovelace', 'ada lovelace', 'independent' FROM elections WHERE is_default
     RETURNING id::float8 AS "candidateId", election_id::float8 AS "electionId"`,
  );
  return rows[0];
}
