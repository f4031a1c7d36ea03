import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { enrol, type Enrolled } from '../../support/authenticator.js';
import { Statements } from '../../support/statements.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { WebClient } from '../../support/web-client.js';

const statements = Statements.record();
let server: TestServer;
let withApp: Enrolled;
let without: Actor;
beforeAll(async () => {
  server = await startTestServer();
  withApp = await enrol(server.api, server.app.get(Clock), await server.signUp());
  without = await server.signUp();
});
afterAll(async () => {
  statements.stop();
  await server.close();
});

const costOf = (ask: () => Promise<Answer>) => statements.costOf(ask);

const WRONG = 'not the password of anybody';

describe('that an account has a second factor', () => {
  it('is not told to who does not know its password: by no answer, no header, no statement', async () => {
    const logIn = (email: string) => () => server.api.post('/users/login', { email, password: WRONG });
    const unknown = await costOf(logIn('nobody-at-all@example.com'));
    expect(unknown.answer.status).toBe(401);
    expect(unknown.statements.length).toBeGreaterThan(0);
    expect(await costOf(logIn(withApp.email))).toEqual(unknown);
    expect(await costOf(logIn(without.email))).toEqual(unknown);
  });

  it('is not told by the form or to browsers either', async () => {
    const asForm = (username: string) => () =>
      server.api.post('/users/login', undefined, {
        rawBody: new URLSearchParams({ username, password: WRONG }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const asPage = (email: string) => () =>
      new WebClient(server.url, server.config.publicUrl).logIn({ email, password: WRONG });
    for (const ask of [asForm, asPage]) {
      const unknown = await costOf(ask('nobody-at-all@example.com'));
      expect(await costOf(ask(withApp.email))).toEqual(unknown);
      expect(await costOf(ask(without.email))).toEqual(unknown);
    }
  });

  it('is not told of a disabled account, right password or not', async () => {
    const disabled = await enrol(server.api, server.app.get(Clock), await server.signUp());
    await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [disabled.id]);
    const logIn = (password: string) => () =>
      server.api.post('/users/login', { email: disabled.email, password });
    expect(await costOf(logIn(disabled.password))).toEqual(await costOf(logIn(WRONG)));
  });

  it('is not told by the second step: unknown, used and foreign tokens are answered alike', async () => {
    const complete = (token: string) => () =>
      server.api.post('/auth/mfa/complete', { mfa_token: token, code: '123456' });
    const unknown = await costOf(complete('A'.repeat(43)));
    expect(unknown.answer.status).toBe(401);
    const { body } = await server.api.post('/users/login', {
      email: withApp.email,
      password: withApp.password,
    });
    const waiting = body.mfa_token as string;
    await server.sql.query('UPDATE mfa_tokens SET expires_at = now()');
    expect(await costOf(complete(waiting))).toEqual(unknown);
    await server.sql.query(`UPDATE mfa_tokens SET expires_at = now() + interval '1 minute', tries = 5`);
    expect(await costOf(complete(waiting))).toEqual(unknown);
    await server.sql.query(`UPDATE mfa_tokens SET tries = 0, channel = 'web'`);
    expect(await costOf(complete(waiting))).toEqual(unknown);
    await server.sql.query(`UPDATE mfa_tokens SET channel = 'bearer', password_digest = '\\x00'`);
    expect(await costOf(complete(waiting))).toEqual(unknown);
  });
});
