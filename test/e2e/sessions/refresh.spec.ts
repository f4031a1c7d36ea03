import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SecurityNotices, type SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import type { Actor } from '../../support/api-client.js';
import { openPool } from '../../support/test-database.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { expectRefused, People } from './people.js';

let server: TestServer;
let people: People;
let notices: SecurityNotice[];
/** Whether somebody who would be told cannot be. */
let isMailBroken: boolean;

beforeAll(async () => {
  server = await startTestServer();
  people = new People(server);
  server.app.get(SecurityNotices).on((notice) => {
    // Everybody logs in on one device more here; what that tells is shown elsewhere.
    if (notice.kind === 'new_device') return Promise.resolve();
    notices.push(notice);
    return isMailBroken ? Promise.reject(new Error('no mail today')) : Promise.resolve();
  });
});
beforeEach(() => {
  notices = [];
  isMailBroken = false;
});
afterAll(() => server.close());

/** The session has ended by the reuse of a token, once, and that was told and recorded once. */
async function expectReuse(person: Actor, accessToken: string): Promise<void> {
  const { rows } = await server.sql.query<{ id: string }>(
    `SELECT id FROM sessions WHERE user_id = $1 AND revoked_reason = 'refresh-reuse'`,
    [person.id],
  );
  expect(rows).toHaveLength(1);
  const sessionId = rows[0]!.id;
  expect(notices).toEqual([{ kind: 'refresh_reuse', userId: person.id }]);
  const reuses = (await people.eventsOf(person)).filter(
    ({ event_type }) => event_type === 'authn_token_reuse',
  );
  expect(reuses).toEqual([
    { event_type: 'authn_token_reuse', actor_id: null, session_id: sessionId, details: {} },
  ]);
  expect(await people.isIn(accessToken)).toBe(false);
  // The other session goes on.
  expect(await people.isIn(person.token)).toBe(true);
}

describe('a refresh', () => {
  it('answers tokens as a login does, of the same session', async () => {
    const { tokens } = await people.signUp();
    const answer = await people.refresh(tokens.refresh_token);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      authentication_type: 'Bearer',
      token: answer.body.access_token,
    });
    expect(answer.body.refresh_token).not.toBe(tokens.refresh_token);
    expect(await people.sessionIdOf(answer.body.access_token)).toBe(
      await people.sessionIdOf(tokens.access_token),
    );
    expect(answer.headers.get('cache-control')).toContain('no-store');
  });

  it('can be repeated for ten seconds, as long as what followed was not used', async () => {
    const { person, tokens } = await people.signUp();
    const first = await people.refresh(tokens.refresh_token);
    await people.letPass(person, 5);
    const second = await people.refresh(tokens.refresh_token);
    expect(second.status).toBe(200);
    expect(second.body.refresh_token).toBe(first.body.refresh_token);
    expect(await people.isIn(second.body.access_token)).toBe(true);
    expect(notices).toEqual([]);
  });

  it('repeated after more than ten seconds ends the session, records it and tells', async () => {
    const { person, tokens } = await people.signUp();
    const first = await people.refresh(tokens.refresh_token);
    await people.letPass(person, 11);
    expectRefused(await people.refresh(tokens.refresh_token));
    await expectReuse(person, first.body.access_token);
    expectRefused(await people.refresh(first.body.refresh_token));
    expect(server.log()).toContain('"event_type":"authn_token_reuse"');
  });

  it('repeated within ten seconds ends the session too, once what followed was used', async () => {
    const { person, tokens } = await people.signUp();
    const first = await people.refresh(tokens.refresh_token);
    const second = await people.refresh(first.body.refresh_token);
    expectRefused(await people.refresh(tokens.refresh_token));
    await expectReuse(person, second.body.access_token);
  });

  it('a hundred times at once yields one successor, for everybody the same', async () => {
    const { person, tokens } = await people.signUp();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => people.refresh(tokens.refresh_token)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refresh_token as string)).size).toBe(1);
    const { rows } = await server.sql.query(
      `SELECT t.token_hash FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE s.user_id = $1`,
      [person.id],
    );
    // The sign-up's own session has one, this one its first and the successor.
    expect(rows).toHaveLength(3);
    expect((await people.refresh(answers[0]!.body.refresh_token)).status).toBe(200);
    expect(notices).toEqual([]);
  });

  it('that comes again a hundred times at once, too late, ends the session once and tells once', async () => {
    const { person, tokens } = await people.signUp();
    const first = await people.refresh(tokens.refresh_token);
    await people.letPass(person, 3600);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => people.refresh(tokens.refresh_token)),
    );
    answers.forEach(expectRefused);
    await expectReuse(person, first.body.access_token);
  });

  it('that came again ends nothing while its owner cannot be told: it is undone, and the next one does', async () => {
    const { person, tokens } = await people.signUp();
    const first = await people.refresh(tokens.refresh_token);
    await people.letPass(person, 11);
    isMailBroken = true;
    expect((await people.refresh(tokens.refresh_token)).status).toBe(500);
    expect(await people.isIn(first.body.access_token)).toBe(true);
    isMailBroken = false;
    notices = [];
    expectRefused(await people.refresh(tokens.refresh_token));
    await expectReuse(person, first.body.access_token);
  });

  it('that was cut off in the database happened not at all: the token still works', async () => {
    const { tokens } = await people.signUp();
    const sessionId = await people.sessionIdOf(tokens.access_token);
    const superuser = openPool(server.database.superuserUrl);
    const holder = await server.sql.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM sessions WHERE id = $1 FOR UPDATE', [sessionId]);
      const cutOff = people.refresh(tokens.refresh_token);
      const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      let ended = 0;
      while (ended === 0) {
        await delay(10);
        const { rowCount } = await superuser.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))',
          [rows[0]!.pid],
        );
        ended = rowCount ?? 0;
      }
      expect((await cutOff).status).toBeGreaterThanOrEqual(500);
      await holder.query('ROLLBACK');
    } finally {
      holder.release();
      await superuser.end();
    }
    expect((await people.refresh(tokens.refresh_token)).status).toBe(200);
  });
});

describe('a refresh is refused, always with the same words,', () => {
  it.each([
    ['of a token that was never given', () => 'A'.repeat(43)],
    ['of something that cannot be one', () => 'x'],
    ['of something long', () => 'A'.repeat(2048)],
    ['of an access token', ({ access_token }: { access_token: string }) => access_token],
    ['with a blank before it', ({ refresh_token }: { refresh_token: string }) => ` ${refresh_token}`],
    ['with padding behind it', ({ refresh_token }: { refresh_token: string }) => `${refresh_token}=`],
  ])('%s, and the session goes on', async (_, tokenFrom) => {
    const { tokens } = await people.signUp();
    expectRefused(await people.refresh(tokenFrom(tokens)));
    expect(await people.isIn(tokens.access_token)).toBe(true);
    expect((await people.refresh(tokens.refresh_token)).status).toBe(200);
  });

  it('with the last bit of it changed: no two texts are one token', async () => {
    const { tokens } = await people.signUp();
    const last = tokens.refresh_token.at(-1)!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = alphabet[alphabet.indexOf(last) ^ 1]!;
    expectRefused(await people.refresh(tokens.refresh_token.slice(0, -1) + other));
  });

  it('after a logout, a change of password, and when the account is disabled', async () => {
    const admin = await server.signUpAdmin();
    const endings: ((person: Actor, access: string) => Promise<{ status: number }>)[] = [
      (_, token) => server.as({ token }).post('/users/logout'),
      (person) =>
        server.as(person).post('/users/change-password', {
          current_password: person.password,
          new_password: 'seven lanterns over a quiet harbour',
        }),
      ({ id }) => server.as(admin).patch(`/admin/users/${id}`, { is_active: false }),
      ({ id }) => server.as(admin).post(`/admin/users/${id}/logout-all`),
    ];
    for (const end of endings) {
      const { person, tokens } = await people.signUp();
      expect((await end(person, tokens.access_token)).status).toBe(200);
      expectRefused(await people.refresh(tokens.refresh_token));
    }
    expect(notices.map(({ kind }) => kind)).toEqual(['password_changed']);
  });

  it('of a used token whose session has ended: there is nothing left to end or to tell', async () => {
    const { person, tokens } = await people.signUp();
    const first = await people.refresh(tokens.refresh_token);
    await server.as({ token: first.body.access_token }).post('/users/logout');
    await people.letPass(person, 60);
    expectRefused(await people.refresh(tokens.refresh_token));
    expect(notices).toEqual([]);
  });

  it.each([undefined, null, 42, ['x'], { $ne: '' }, ''])(
    'unless it is invalid as a field: %p',
    async (value) => {
      const answer = await server.api.post('/auth/refresh', { refresh_token: value });
      expect([answer.status, answer.body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
    },
  );
});

describe('a refresh token', () => {
  it('opens nothing as an access token', async () => {
    const { tokens } = await people.signUp();
    expect(await people.isIn(tokens.refresh_token)).toBe(false);
  });

  it('and what follows it stand nowhere in the database, not even as bytes', async () => {
    const { person, tokens } = await people.signUp();
    const next = (await people.refresh(tokens.refresh_token)).body.refresh_token as string;
    const { rows } = await server.sql.query<Record<string, Buffer | null>>(
      `SELECT t.token_hash, t.successor_salt, t.successor_hash FROM refresh_tokens t
       JOIN sessions s ON s.id = t.session_id WHERE s.user_id = $1`,
      [person.id],
    );
    const stored = rows.flatMap((row) => Object.values(row)).filter((value) => value !== null);
    expect(stored).toHaveLength(5);
    for (const token of [tokens.refresh_token, next])
      for (const value of stored) {
        expect(value.equals(Buffer.from(token, 'base64url'))).toBe(false);
        expect(value.equals(Buffer.from(token))).toBe(false);
      }
  });
});

describe('a logout by refresh token', () => {
  it('ends that session alone, at once, and is recorded', async () => {
    const { person, tokens } = await people.signUp();
    const sessionId = await people.sessionIdOf(tokens.access_token);
    const answer = await server.api.post('/auth/logout', { refresh_token: tokens.refresh_token });
    expect(answer.status).toBe(200);
    expect(await people.isIn(tokens.access_token)).toBe(false);
    expect(await people.isIn(person.token)).toBe(true);
    expectRefused(await people.refresh(tokens.refresh_token));
    expect(notices).toEqual([]);
    expect((await people.eventsOf(person)).at(-1)).toEqual({
      event_type: 'authn_token_revoked',
      actor_id: person.id,
      session_id: sessionId,
      details: { reason: 'logout', sessions: 1 },
    });
  });

  it('answers the same for a token that ended already, is unknown or is none', async () => {
    const { tokens } = await people.signUp();
    const ended = tokens.refresh_token;
    for (const token of [ended, ended, 'A'.repeat(43), 'x', tokens.access_token]) {
      const answer = await server.api.post('/auth/logout', { refresh_token: token });
      expect([answer.status, answer.body]).toEqual([200, { message: 'Logged out.' }]);
    }
  });
});
