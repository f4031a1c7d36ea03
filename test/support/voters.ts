import { AccessTokensService } from '../../src/auth/tokens/access-tokens.service.js';
import { Clock } from '../../src/common/clock.js';
import { AppConfig } from '../../src/config/app-config.js';
import { parseEnv } from '../../src/config/parse-env.js';
import type { ApiClient } from './api-client.js';

/** Somebody who is logged in and has made up their mind. */
export interface Voter {
  token: string;
  candidateId: number;
}

/** Somebody with a session and no password. */
interface Newcomer {
  id: number;
  email: string;
  token: string;
}

interface Crowd {
  size: number;
  /** Sets the addresses of one crowd apart from those of another. */
  mark?: string;
  /** A statement as the owner of the tables. @returns rows */
  query: (text: string, values: unknown[]) => Promise<Record<string, unknown>[]>;
  /** Of the service whose tables these are. */
  tokens: AccessTokensService;
}

const CANDIDATES = ['Robin', 'Alex', 'Sam'];

/** Many people with sessions, straight into the tables: for tests about crowds, not about registration. */
export async function insertCrowd({ size, mark = 'crowd', query, tokens }: Crowd): Promise<Newcomer[]> {
  const rows = await query(
    `WITH crowd AS (
       INSERT INTO users (name, email, email_normalized, voter_key)
       SELECT 'Voter ' || n, 'voter-' || n || '-' || $1 || '@example.com', 'voter-' || n || '-' || $1 || '@example.com', gen_random_uuid()
       FROM generate_series(1, $2::int) n RETURNING id, email
     ), logins AS (
       INSERT INTO sessions (user_id, expires_at) SELECT id, now() + interval '1 day' FROM crowd RETURNING id, user_id
     )
     SELECT crowd.id, crowd.email, logins.id AS session_id FROM crowd JOIN logins ON logins.user_id = crowd.id ORDER BY crowd.id`,
    [mark, size],
  );
  return rows.map(({ id, email, session_id }) => ({
    id: Number(id),
    email: String(email),
    token: tokens.issue({ userId: Number(id), sessionId: String(session_id) }),
  }));
}

/** A crowd for three candidates, who are made through the API. */
export async function makeVoters({ admin, ...crowd }: Crowd & { admin: ApiClient }): Promise<Voter[]> {
  const candidates: number[] = [];
  for (const name of CANDIDATES)
    candidates.push((await admin.post('/admin/candidate', { name })).body.id as number);
  return (await insertCrowd(crowd)).map(({ token }, index) => ({
    token,
    candidateId: candidates[index % candidates.length]!,
  }));
}

/** Issues the tokens of a service in another process, by what that was started with. */
export function tokensOfProcess(
  env: Record<string, string>,
  secrets: ConstructorParameters<typeof AppConfig>[2],
): AccessTokensService {
  const config = new AppConfig(parseEnv(env), { app: '', owner: '', direct: '' }, secrets);
  return new AccessTokensService(new Clock(), config);
}
