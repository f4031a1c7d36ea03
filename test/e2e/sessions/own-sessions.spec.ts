import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { expectRefused, People } from './people.js';

let server: TestServer;
let people: People;

beforeAll(async () => {
  server = await startTestServer();
  people = new People(server);
});
afterAll(() => server.close());

const as = (token: string) => server.as({ token });

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0';

describe('my sessions', () => {
  it('are listed with device, address and times, the newest first, and this one marked', async () => {
    const person = await server.signUp();
    const laptop = await people.logIn(person, FIREFOX);
    const phone = await people.logIn(person, 'An app on a phone');
    const { status, body } = await as(laptop.access_token).get('/auth/sessions');
    expect(status).toBe(200);
    expect(body.items).toHaveLength(3);
    expect(body.next_cursor).toBeNull();
    expect(body.items[0]).toEqual({
      id: await people.sessionIdOf(phone.access_token),
      device: 'An app on a phone',
      place: 'a private network',
      ip: '127.0.0.1',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      last_seen_at: expect.stringMatching(/^\d{4}-.*Z$/),
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
      current: false,
    });
    expect(body.items[1]).toMatchObject({ device: 'Firefox 131 on Linux', current: true });
    expect(body.items.map(({ current }: { current: boolean }) => current)).toEqual([false, true, false]);
  });

  it('tell where they were last refreshed from', async () => {
    const { tokens } = await people.signUp();
    const { body } = await people.refresh(tokens.refresh_token, 'A newer browser');
    const [newest] = (await as(body.access_token).get('/auth/sessions')).body.items;
    expect(newest).toMatchObject({ device: 'A newer browser', current: true });
  });

  it('come in pages, each of them once, also when many began within a moment', async () => {
    const person = await server.signUp();
    await server.sql.query(
      `INSERT INTO sessions (user_id, created_at, expires_at)
       SELECT $1, timestamptz '2026-01-01 00:00:00.123456Z' + (n / 2) * interval '1 microsecond', now() + interval '1 day'
       FROM generate_series(1, 11) n`,
      [person.id],
    );
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page++) {
      expect(page).toBeLessThan(4);
      const { body } = await server.as(person).get(`/auth/sessions?limit=4&cursor=${cursor}`);
      seen.push(...(body.items as { id: string }[]).map(({ id }) => id));
      cursor = body.next_cursor as string | null;
    }
    const { rows } = await server.sql.query<{ id: string }>('SELECT id FROM sessions WHERE user_id = $1', [
      person.id,
    ]);
    expect(seen).toHaveLength(12);
    expect([...seen].sort()).toEqual(rows.map(({ id }) => id).sort());
  });

  it.each([
    'x',
    'Wzdd',
    Buffer.from('[1,"x"]').toString('base64url'),
    Buffer.from('{"0":1}').toString('base64url'),
    Buffer.from(`[1.5,"${randomUUID()}"]`).toString('base64url'),
    Buffer.from(`[9007199254740993,"${randomUUID()}"]`).toString('base64url'),
    Buffer.from(`[1,"${randomUUID()}",1]`).toString('base64url'),
  ])('refuse a cursor of something else: %s', async (cursor) => {
    const person = await server.signUp();
    const answer = await server.as(person).get(`/auth/sessions?cursor=${cursor}`);
    expect([answer.status, answer.body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
  });

  it('that have ended are not listed, nor are those of others', async () => {
    const { person, tokens } = await people.signUp();
    await people.logIn(person);
    await server.sql.query(
      `UPDATE sessions SET expires_at = now() WHERE id = (SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1)`,
      [person.id],
    );
    await server.as(person).post('/users/logout');
    const { items } = (await as(tokens.access_token).get('/auth/sessions')).body;
    expect(items).toEqual([expect.objectContaining({ current: true })]);
  });
});

describe('ending a session', () => {
  it('shuts out its access and its refresh token at once, and no other', async () => {
    const { person, tokens: lost } = await people.signUp();
    const sessionId = await people.sessionIdOf(lost.access_token);
    const answer = await server.as(person).delete(`/auth/sessions/${sessionId}`);
    expect([answer.status, answer.body]).toEqual([204, undefined]);
    expect(await people.isIn(lost.access_token)).toBe(false);
    expectRefused(await people.refresh(lost.refresh_token));
    expect(await people.isIn(person.token)).toBe(true);
    expect((await people.eventsOf(person)).at(-1)).toEqual({
      event_type: 'authn_token_revoked',
      actor_id: person.id,
      session_id: sessionId,
      details: { reason: 'revoked', sessions: 1 },
    });
  });

  it('can be this one: that is a logout', async () => {
    const { person, tokens } = await people.signUp();
    const sessionId = await people.sessionIdOf(tokens.access_token);
    expect((await as(tokens.access_token).delete(`/auth/sessions/${sessionId}`)).status).toBe(204);
    expect(await people.isIn(tokens.access_token)).toBe(false);
    expect((await people.eventsOf(person)).at(-1)!.details).toEqual({ reason: 'logout', sessions: 1 });
  });

  it("of somebody else, of nobody, that has ended or is none answers one and the same 404, and somebody else's goes on", async () => {
    const { person, tokens } = await people.signUp();
    const other = await people.signUp();
    const foreign = await people.sessionIdOf(other.tokens.access_token);
    const ended = await people.sessionIdOf(tokens.access_token);
    await as(tokens.access_token).post('/users/logout');
    for (const id of [foreign, randomUUID(), ended, 'x', '1', foreign.toUpperCase(), `${foreign}%00`]) {
      const { status, body } = await server.as(person).delete(`/auth/sessions/${id}`);
      expect({
        id,
        status,
        code: body.error.code as unknown,
        message: body.error.message as unknown,
      }).toEqual({
        id,
        status: 404,
        code: 'SESSION_NOT_FOUND',
        message: 'There is no such session.',
      });
    }
    expect(await people.isIn(other.tokens.access_token)).toBe(true);
  });

  it('everywhere ends every session of mine, this one too, and nobody else is logged out', async () => {
    const { person, tokens } = await people.signUp();
    const other = await people.signUp();
    expect((await as(tokens.access_token).post('/auth/logout-all')).status).toBe(200);
    expect(await people.isIn(tokens.access_token)).toBe(false);
    expect(await people.isIn(person.token)).toBe(false);
    expectRefused(await people.refresh(tokens.refresh_token));
    expect(await people.isIn(other.tokens.access_token)).toBe(true);
    expect((await people.eventsOf(person)).at(-1)).toMatchObject({
      event_type: 'authn_token_revoked',
      details: { reason: 'logout-all', sessions: 2 },
    });
  });
});

describe('a login', () => {
  it('is recorded with the session that it began', async () => {
    const { person, tokens } = await people.signUp();
    expect((await people.eventsOf(person)).at(-1)).toMatchObject({
      event_type: 'authn_login_success',
      actor_id: person.id,
      session_id: await people.sessionIdOf(tokens.access_token),
    });
  });

  it('that cannot be recorded begins no session', async () => {
    const person = await server.signUp();
    const count = async () =>
      (await server.sql.query('SELECT FROM sessions WHERE user_id = $1', [person.id])).rowCount;
    await server.sql.query('ALTER TABLE audit_events ADD CONSTRAINT full_disk CHECK (false) NOT VALID');
    try {
      const { email, password } = person;
      expect((await server.api.post('/users/login', { email, password })).status).toBe(500);
    } finally {
      await server.sql.query('ALTER TABLE audit_events DROP CONSTRAINT full_disk');
    }
    expect(await count()).toBe(1);
  });
});
