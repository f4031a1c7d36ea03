import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../support/api-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

/** Logins have a test of their own: login-answers.spec.ts. Registering and renaming tell by contract, and are limited. */

let statements: string[] = [];
const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
const { query } = prototype;

let server: TestServer;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  prototype.query = function (this: unknown, ...args: unknown[]) {
    const [first] = args;
    statements.push(typeof first === 'string' ? first : ((first as { text?: string }).text ?? ''));
    return query.apply(this, args);
  };
  server = await startTestServer();
  alice = await server.signUp();
  bob = await server.signUp();
});
afterAll(async () => {
  prototype.query = query;
  await server.close();
});

/** All of an answer, to the byte and in order, but what no two answers share. */
function comparable({ status, headers, body }: Answer) {
  const text = JSON.stringify(body).replaceAll(headers.get('x-request-id')!, 'the request id');
  // How many requests are left counts down whatever is answered.
  const kept = [...headers]
    .filter(([name]) => !['x-request-id', 'date'].includes(name))
    .map(([name, value]) => [name, name === 'ratelimit' ? value.replaceAll(/\d+/g, 'n') : value]);
  return { status, text, headers: kept };
}

async function costOf(ask: () => Promise<Answer>) {
  statements = [];
  const answer = await ask();
  return { answer: comparable(answer), statements: [...statements] };
}

const refreshTokenOf = async ({ email, password }: Actor) =>
  (await server.api.post('/users/login', { email, password })).body.refresh_token as string;

const UNKNOWN = 'A'.repeat(43);

describe('an answer does not tell whether', () => {
  it('a refresh token was ever one: unknown, revoked and of a disabled account are alike', async () => {
    const refresh = (token: string) => () => server.api.post('/auth/refresh', { refresh_token: token });
    const revoked = await refreshTokenOf(alice);
    await server.api.post('/auth/logout', { refresh_token: revoked });
    const carol = await server.signUp();
    const disabled = await refreshTokenOf(carol);
    await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [carol.id]);
    const unknown = await costOf(refresh(UNKNOWN));
    expect(unknown.answer.status).toBe(401);
    for (const token of [revoked, disabled, 'not even of the form', alice.token.slice(0, 500)])
      expect((await costOf(refresh(token))).answer).toEqual(unknown.answer);
  });

  it('the token of a logout was one', async () => {
    const logOut = (token: string) => () => server.api.post('/auth/logout', { refresh_token: token });
    const unknown = await costOf(logOut(UNKNOWN));
    expect(unknown.answer.status).toBe(200);
    const live = await refreshTokenOf(alice);
    for (const token of [live, live, 'not even of the form'])
      expect((await costOf(logOut(token))).answer).toEqual(unknown.answer);
  });

  it('a note of somebody else exists, by its statements neither', async () => {
    const { body } = await server.as(bob).post('/users/notes', { title: 'a', content: 'b' });
    const asAlice = server.as(alice);
    for (const ask of [
      (id: number) => asAlice.get(`/users/notes/${id}`),
      (id: number) => asAlice.patch(`/users/notes/${id}`, { title: 'c' }),
      (id: number) => asAlice.delete(`/users/notes/${id}`),
      (id: number) => asAlice.post(`/users/notes/${id}/open`, { password: 'a long password' }),
    ]) {
      const nowhere = await costOf(() => ask(999_999));
      expect(nowhere.answer.status).toBe(404);
      expect(await costOf(() => ask(body.id as number))).toEqual(nowhere);
    }
  });

  it('an account exists, to whoever may not list them', async () => {
    const asAlice = server.as(alice);
    const nobody = await costOf(() => asAlice.get('/admin/users/999999'));
    expect(nobody.answer.status).toBe(403);
    expect(await costOf(() => asAlice.get(`/admin/users/${bob.id}`))).toEqual(nobody);
  });

  it('a login fails for the account or for the password, by the statements it needs', async () => {
    const logIn = (email: string) => () =>
      server.api.post('/users/login', { email, password: 'not the password of anybody' });
    const unknown = await costOf(logIn('nobody-here@example.com'));
    const known = await costOf(logIn(alice.email));
    expect(known.answer).toEqual(unknown.answer);
    expect(known.statements.length).toBeGreaterThan(0);
    expect(known.statements).toEqual(unknown.statements);
  });
});
