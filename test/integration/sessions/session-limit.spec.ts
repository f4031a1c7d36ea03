import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { MAX_SESSIONS } from '../../../src/auth/sessions/session-limit.js';
import { SessionsService } from '../../../src/auth/sessions/sessions.service.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const DAY = 86_400;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** What a login does once it has found the password right. @returns the id of the session */
async function beginSession({ id: userId }: Pick<Actor, 'id'>): Promise<string> {
  const { rows } = await server.sql.query<{ hash: string }>(
    'SELECT password_hash AS hash FROM users WHERE id = $1',
    [userId],
  );
  const login = { userId, method: 'password', verifiedHash: rows[0]!.hash } as const;
  const { sessionId } = await server.app
    .get(DataSource)
    .transaction((manager) =>
      server.app.get(SessionsService).begin(manager, login, { ip: null, userAgent: null, deviceToken: null }),
    );
  return sessionId;
}

/** Sessions as old as this, without a login. @returns their ids, the oldest first */
async function letBegin({ id }: Pick<Actor, 'id'>, count: number, secondsAgo: number): Promise<string[]> {
  const { rows } = await server.sql.query<{ id: string }>(
    `INSERT INTO sessions (user_id, created_at, expires_at)
     SELECT $1, now() - make_interval(secs => $3 + $2 - n), now() + interval '1 day' FROM generate_series(1, $2::int) n
     RETURNING id`,
    [id, count, secondsAgo],
  );
  return rows.map((row) => row.id);
}

async function aliveOf({ id }: Pick<Actor, 'id'>): Promise<string[]> {
  const { rows } = await server.sql.query<{ id: string }>(
    'SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now() ORDER BY created_at, id',
    [id],
  );
  return rows.map((row) => row.id);
}

async function endsOf({ id }: Pick<Actor, 'id'>) {
  const { rows } = await server.sql.query<{ actor_id: number; session_id: string | null; details: object }>(
    `SELECT actor_id, session_id, details - 'origin' AS details FROM audit_events
     WHERE subject_id = $1 AND event_type = 'authn_token_revoked' ORDER BY id`,
    [id],
  );
  return rows;
}

describe('an account with as many sessions as it may have', () => {
  it('loses the oldest by a login, which is told in its row and in the audit log, and no other', async () => {
    const person = await server.signUp();
    const [first] = await aliveOf(person);
    const others = await letBegin(person, MAX_SESSIONS - 1, DAY / 2);
    await server.sql.query(`UPDATE sessions SET created_at = now() - interval '2 days' WHERE id = $1`, [
      first,
    ]);
    expect((await server.as(person).get('/users/info')).status).toBe(200);

    const token = await server.logIn(person);
    expect((await server.as(person).get('/users/info')).status).toBe(401);
    const newest = (await server.as({ token }).get('/users/info')).body.session.id as string;
    expect(await aliveOf(person)).toEqual([...others, newest]);
    const { rows } = await server.sql.query('SELECT revoked_reason FROM sessions WHERE id = $1', [first]);
    expect(rows).toEqual([{ revoked_reason: 'too-many' }]);
    expect(await endsOf(person)).toEqual([
      { actor_id: person.id, session_id: first, details: { reason: 'too-many', sessions: 1 } },
    ]);
  });

  it('that had more before there was a limit keeps the newest of them', async () => {
    const person = await server.signUp();
    await server.sql.query('DELETE FROM sessions WHERE user_id = $1', [person.id]);
    const before = await letBegin(person, MAX_SESSIONS + 50, DAY / 2);
    const newest = await beginSession(person);
    expect(await aliveOf(person)).toEqual([...before.slice(51), newest]);
    expect(await endsOf(person)).toEqual([
      { actor_id: person.id, session_id: null, details: { reason: 'too-many', sessions: 51 } },
    ]);
  });

  it('counts none that has ended, and none of anybody else', async () => {
    const [person, other] = [await server.signUp(), await server.signUp()];
    await letBegin(other, MAX_SESSIONS - 1, DAY / 2);
    const ended = await letBegin(person, MAX_SESSIONS, DAY / 2);
    await server.sql.query(`UPDATE sessions SET revoked_at = now() WHERE id = ANY ($1)`, [ended.slice(50)]);
    await server.sql.query(`UPDATE sessions SET expires_at = now() WHERE id = ANY ($1)`, [
      ended.slice(0, 50),
    ]);
    const newest = await beginSession(person);
    expect(await aliveOf(person)).toHaveLength(2);
    expect(await aliveOf(person)).toContain(newest);
    expect(await aliveOf(other)).toHaveLength(MAX_SESSIONS);
    expect(await endsOf(person)).toEqual([]);
  });

  it('never has more, also when a hundred log in at once, and each of them is in', async () => {
    const person = await server.signUp();
    const before = await letBegin(person, 60, DAY / 2);
    const begun = await Promise.all(Array.from({ length: MAX_SESSIONS }, () => beginSession(person)));
    const alive = await aliveOf(person);
    expect(alive).toHaveLength(MAX_SESSIONS);
    expect(alive.filter((id) => before.includes(id))).toEqual([]);
    expect([...alive].sort()).toEqual([...begun].sort());
  });

  it('keeps the session that begins, also where its transaction began before all others', async () => {
    const person = await server.signUp();
    await server.sql.query('DELETE FROM sessions WHERE user_id = $1', [person.id]);
    await letBegin(person, MAX_SESSIONS, -DAY / 4);
    const newest = await beginSession(person);
    expect(await aliveOf(person)).toContain(newest);
    expect(await aliveOf(person)).toHaveLength(MAX_SESSIONS);
  });
});
