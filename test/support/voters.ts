import { AccessTokensService } from '../../src/auth/tokens/access-tokens.service.js';
import { Clock } from '../../src/common/clock.js';
import { AppConfig } from '../../src/config/app-config.js';
import { parseEnv } from '../../src/config/parse-env.js';
import type { ServiceProcess } from './service-process.js';

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

/** A service in another process, as somebody knows it who has started it. */
interface Started {
  size: number;
  service: ServiceProcess;
  admin: { email: string; password: string };
  query: Crowd['query'];
  /** What it was started with. */
  env: Record<string, string>;
  secrets: ConstructorParameters<typeof AppConfig>[2];
}

/** A crowd for three candidates, who are made through the API. */
export async function makeVoters({ size, service, admin, query, env, secrets }: Started): Promise<Voter[]> {
  const api = service.api.as({ token: await service.logIn(admin.email, admin.password) });
  const candidates: number[] = [];
  for (const name of CANDIDATES)
    candidates.push((await api.post('/admin/candidate', { name })).body.id as number);
  const config = new AppConfig(parseEnv(env), { app: '', owner: '', direct: '' }, secrets);
  const tokens = new AccessTokensService(new Clock(), config);
  return (await insertCrowd({ size, query, tokens })).map(({ token }, index) => ({
    token,
    candidateId: candidates[index % candidates.length]!,
  }));
}
