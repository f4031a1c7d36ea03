import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { SessionActivity } from '../../../src/auth/sessions/session-activity.service.js';
import { SessionSweep } from '../../../src/auth/sessions/session-sweep.service.js';
import { poolOf } from '../../../src/database/prepared.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { expectRefused, People } from './people.js';

const DAY = 86_400;

let server: TestServer;
let people: People;

beforeAll(async () => {
  server = await startTestServer({ env: { REFRESH_TOKEN_EXPIRE_DAYS: '2', SESSION_ABSOLUTE_DAYS: '5' } });
  people = new People(server);
});
afterAll(() => server.close());
afterEach(() => {
  jest.restoreAllMocks();
});

/** Days until the session of an access token ends, as its owner reads it. */
async function daysLeft(accessToken: string): Promise<number> {
  const { expires_at } = (await people.info(accessToken)).body.session as { expires_at: string };
  return (Date.parse(expires_at) - Date.now()) / (DAY * 1000);
}

async function lastSeenSecondsAgo(person: Actor): Promise<number> {
  const { rows } = await server.sql.query<{ ago: number }>(
    'SELECT extract(epoch FROM now() - last_seen_at)::float8 AS ago FROM sessions WHERE user_id = $1',
    [person.id],
  );
  return rows[0]!.ago;
}

describe('a session', () => {
  it('ends when it was not refreshed for REFRESH_TOKEN_EXPIRE_DAYS', async () => {
    const { person, tokens } = await people.signUp();
    expect(await daysLeft(tokens.access_token)).toBeCloseTo(2, 1);
    await people.letPass(person, 2 * DAY - 60);
    expect(await people.isIn(tokens.access_token)).toBe(true);
    await people.letPass(person, 60);
    expect(await people.isIn(tokens.access_token)).toBe(false);
    expectRefused(await people.refresh(tokens.refresh_token));
  });

  it('goes on with every refresh, until SESSION_ABSOLUTE_DAYS after the login', async () => {
    const { person, tokens } = await people.signUp();
    let { refresh_token } = tokens;
    for (const expected of [2, 2, 1.5, 0.5]) {
      await people.letPass(person, expected === 1.5 ? 1.5 * DAY : DAY);
      const { status, body } = await people.refresh(refresh_token);
      expect(status).toBe(200);
      expect(await daysLeft(body.access_token)).toBeCloseTo(expected, 1);
      refresh_token = body.refresh_token;
    }
    await people.letPass(person, 0.5 * DAY);
    expectRefused(await people.refresh(refresh_token));
  });

  it('is not refreshed past an absolute lifetime that was shortened since', async () => {
    const { person, tokens } = await people.signUp();
    const shorter = await startTestServer({
      database: server.database,
      env: { SESSION_ABSOLUTE_DAYS: '1' },
    });
    try {
      await people.letPass(person, 1.5 * DAY);
      expectRefused(await new People(shorter).refresh(tokens.refresh_token));
      expect((await people.refresh(tokens.refresh_token)).status).toBe(200);
    } finally {
      await shorter.close();
    }
  });
});

describe('when a session was last seen', () => {
  it('is written beside the requests, at most once a minute', async () => {
    const person = await server.signUp();
    const activity = server.app.get(SessionActivity);
    await people.letPass(person, 300);
    await people.info(person.token);
    await people.info(person.token);
    expect(await lastSeenSecondsAgo(person)).toBeGreaterThan(290);
    await activity.flush();
    expect(await lastSeenSecondsAgo(person)).toBeLessThan(60);
    await people.letPass(person, 40);
    const before = await server.sql.query('SELECT last_seen_at FROM sessions WHERE user_id = $1', [
      person.id,
    ]);
    await people.info(person.token);
    await activity.flush();
    const after = await server.sql.query('SELECT last_seen_at FROM sessions WHERE user_id = $1', [person.id]);
    expect(after.rows).toEqual(before.rows);
  });

  it('is written by a service that stops', async () => {
    const other = await startTestServer({ database: server.database });
    const person = await server.signUp();
    await people.letPass(person, 300);
    await other.as(person).get('/users/info');
    await other.close();
    expect(await lastSeenSecondsAgo(person)).toBeLessThan(60);
  });

  it('costs a request no round trip to the database: it has one, and a refresh has two (whose limit it is, and its use)', async () => {
    const { person, tokens } = await people.signUp();
    await people.info(person.token);
    const pool: Pool = poolOf(server.app.get(DataSource));
    const query = jest.spyOn(pool, 'query');
    const connect = jest.spyOn(pool, 'connect');
    await people.info(person.token);
    expect(query).toHaveBeenCalledTimes(1);
    await people.refresh(tokens.refresh_token);
    expect(query).toHaveBeenCalledTimes(3);
    // What pool.query() borrows for itself goes through connect(), too.
    expect(connect.mock.calls.length).toBeLessThanOrEqual(3);
  });

  it('that cannot be written fails no request', async () => {
    const person = await server.signUp();
    await people.info(person.token);
    const warn = jest.spyOn(Logger.prototype, 'warn');
    await server.sql.query('ALTER TABLE sessions RENAME COLUMN last_seen_at TO elsewhere');
    try {
      await server.app.get(SessionActivity).flush();
    } finally {
      await server.sql.query('ALTER TABLE sessions RENAME COLUMN elsewhere TO last_seen_at');
    }
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ event_type: 'session_activity_lost', err: expect.any(Error) }),
      'when sessions were last seen could not be written down',
    );
    expect(await people.isIn(person.token)).toBe(true);
  });
});

describe('the sweep', () => {
  const sweep = () => server.app.get(SessionSweep).sweep();

  async function rowsOf(person: Actor): Promise<{ sessions: number; tokens: number }> {
    const { rows } = await server.sql.query<{ sessions: number; tokens: number }>(
      `SELECT count(DISTINCT s.id) AS sessions, count(t.token_hash) AS tokens
       FROM sessions s LEFT JOIN refresh_tokens t ON t.session_id = s.id WHERE s.user_id = $1`,
      [person.id],
    );
    return rows[0]!;
  }

  it('takes sessions past their end with their tokens, revoked or not, and leaves the others', async () => {
    const { person, tokens } = await people.signUp();
    await people.refresh(tokens.refresh_token);
    await server.as(person).post('/users/logout');
    const fresh = await people.signUp();
    await sweep();
    // A session that was revoked stays until its end.
    expect(await rowsOf(person)).toEqual({ sessions: 2, tokens: 3 });
    await people.letPass(person, 2 * DAY + 3700);
    await sweep();
    expect(await rowsOf(person)).toEqual({ sessions: 0, tokens: 0 });
    expect(await rowsOf(fresh.person)).toEqual({ sessions: 2, tokens: 2 });
    expect(await people.isIn(fresh.tokens.access_token)).toBe(true);
  });

  it('takes used tokens once their own time is over; until then one that comes again is noticed', async () => {
    const person = await server.signUp();
    const first = await people.logIn(person);
    const second = (await people.refresh(first.refresh_token)).body as typeof first;
    await people.letPass(person, 1.5 * DAY);
    const third = (await people.refresh(second.refresh_token)).body as typeof first;
    await people.letPass(person, DAY);
    await sweep();
    expectRefused(await people.refresh(first.refresh_token));
    expect(await people.isIn(third.access_token)).toBe(true);
    expectRefused(await people.refresh(second.refresh_token));
    expect(await people.isIn(third.access_token)).toBe(false);
  });

  it('takes many, in as many steps as it needs', async () => {
    const [crowd] = await server.signUpCrowd(1);
    await server.sql.query(
      `INSERT INTO sessions (user_id, expires_at) SELECT $1, now() - interval '2 hours' FROM generate_series(1, 230)`,
      [crowd!.id],
    );
    await sweep();
    expect(await rowsOf(crowd!)).toEqual({ sessions: 1, tokens: 0 });
  });

  it('forgets where a session came from thirty days after it was last seen', async () => {
    const [kept, old] = [await server.signUp(), await server.signUp()];
    for (const [person, days] of [
      [kept, 29],
      [old, 31],
    ] as const)
      await server.sql.query(
        `UPDATE sessions SET last_seen_at = now() - make_interval(days => $2) WHERE user_id = $1`,
        [person.id, days],
      );
    await sweep();
    const sight = async (person: Actor) => {
      const [session] = (await server.as(person).get('/auth/sessions')).body.items;
      return [session.ip, session.place] as unknown[];
    };
    expect(await sight(kept)).toEqual(['127.0.0.1', 'a private network']);
    expect(await sight(old)).toEqual([null, null]);
  });

  it('leaves the work to the process that does it', async () => {
    const person = await server.signUp();
    await people.letPass(person, 10 * DAY);
    const other = await server.sql.connect();
    try {
      await other.query('SELECT pg_advisory_lock(4101000010)');
      await sweep();
      expect(await rowsOf(person)).toEqual({ sessions: 1, tokens: 1 });
      await other.query('SELECT pg_advisory_unlock(4101000010)');
    } finally {
      other.release();
    }
    await sweep();
    expect(await rowsOf(person)).toEqual({ sessions: 0, tokens: 0 });
  });

  it('that fails says so, and the next one works', async () => {
    const person = await server.signUp();
    await people.letPass(person, 10 * DAY);
    const error = jest.spyOn(Logger.prototype, 'error');
    await server.sql.query('ALTER TABLE refresh_tokens RENAME TO elsewhere');
    try {
      await sweep();
    } finally {
      await server.sql.query('ALTER TABLE elsewhere RENAME TO refresh_tokens');
    }
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({ event_type: 'sweep_failed', err: expect.any(Error) }),
      'expired sessions could not be swept out',
    );
    await sweep();
    expect(await rowsOf(person)).toEqual({ sessions: 0, tokens: 0 });
  });
});

describe('SESSION_POLICY=single', () => {
  let single: TestServer;
  let singles: People;

  beforeAll(async () => {
    single = await startTestServer({ env: { SESSION_POLICY: 'single' } });
    singles = new People(single);
  });
  afterAll(() => single.close());

  it('ends the older sessions of the account at login, and nobody else', async () => {
    const bystander = await single.signUp();
    const { person, tokens } = await singles.signUp();
    expect(await singles.isIn(person.token)).toBe(false);
    expect(await singles.isIn(tokens.access_token)).toBe(true);
    expect(await singles.isIn(bystander.token)).toBe(true);
    expect((await singles.eventsOf(person)).slice(-2)).toMatchObject([
      {
        event_type: 'authn_token_revoked',
        actor_id: person.id,
        details: { reason: 'replaced', sessions: 1 },
      },
      { event_type: 'authn_login_success' },
    ]);
  });

  it('leaves one session of thirty logins at once', async () => {
    const person = await single.signUp();
    const logins = await Promise.all(Array.from({ length: 30 }, () => singles.logIn(person)));
    const alive = await Promise.all(logins.map(({ access_token }) => singles.isIn(access_token)));
    expect(alive.filter(Boolean)).toHaveLength(1);
  });

  it('ends nothing when the login fails', async () => {
    const person = await single.signUp();
    await single.api.post('/users/login', { email: person.email, password: 'not this one' });
    expect(await singles.isIn(person.token)).toBe(true);
  });
});
