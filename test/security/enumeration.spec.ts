import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../support/api-client.js';
import { LOCKOUTS } from '../support/lockout-words.js';
import { Statements } from '../support/statements.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

/** Logins have a test of their own: login-answers.spec.ts. Registering and renaming tell by contract, and are limited. */

const statements = Statements.record();
let server: TestServer;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
  bob = await server.signUp();
});
afterAll(async () => {
  statements.stop();
  await server.close();
});

const costOf = (ask: () => Promise<Answer>) => statements.costOf(ask);

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

  it('somebody has an account, by what it costs to lock it: unknown, disabled, by address or username', async () => {
    const here = { ...LOCKOUTS, RL_LOGIN_IP_LIMIT: '0', LOGIN_FAIL_IP_THRESHOLD: '0' };
    const locking = await startTestServer({ env: here });
    try {
      const known = await locking.signUp();
      const named = await locking.signUp({ username: 'named-here' });
      const disabled = await locking.signUp();
      await locking.sql.query('UPDATE users SET is_active = false WHERE id = $1', [disabled.id]);
      const failures = async (name: object) => {
        const costs = [];
        for (let n = 0; n < 8; n += 1)
          costs.push(
            await costOf(() => locking.api.post('/users/login', { ...name, password: 'not the password' })),
          );
        return costs;
      };
      const byAddress = [];
      for (const email of ['first@example.com', known.email, 'nobody@example.com', disabled.email])
        byAddress.push(await failures({ email }));
      // The very first one of all makes what is kept.
      const [, ofKnown, ...others] = byAddress;
      expect(ofKnown!.at(-1)!.statements.length).toBeGreaterThan(ofKnown!.at(-2)!.statements.length);
      for (const one of others) expect(one).toEqual(ofKnown);
      expect(await failures({ username: 'named-here' })).toEqual(await failures({ username: 'nobody-here' }));
      for (const { email } of [known, named])
        expect((await locking.mailsTo(email)).map(({ kind }) => kind)).toContain('lockout');
      const { rows } = await locking.sql.query<{ letters: number; live: number }>(
        `SELECT count(*)::int AS letters, count(*) FILTER (WHERE expires_at IS NULL)::int AS live
         FROM mail_messages WHERE kind = 'lockout'`,
      );
      expect(rows).toEqual([{ letters: 6, live: 2 }]);
    } finally {
      await locking.close();
    }
  });
});
