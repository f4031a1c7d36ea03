import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import { LOCKOUTS } from '../../support/lockout-words.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { outcome } from '../../support/outcome.js';
import { collectNotices } from '../../support/notices.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const FAILED = [401, 'INVALID_CREDENTIALS'];

let server: TestServer;
let alice: Actor;
let client: PasskeyClient;
let notices: SecurityNotice[];

async function start(env: Record<string, string>): Promise<void> {
  server = await startTestServer({ env: { ...LOCKOUTS, ...env } });
  notices = collectNotices(server);
  alice = await server.signUp();
  client = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
  await client.register(alice);
  await server.sql.query('DELETE FROM login_failures');
}

const fail = (times: number) => inTurn(times, () => client.logIn({ tamper: () => Buffer.alloc(70, 1) }));

async function inTurn(times: number, act: () => Promise<Answer>): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (let count = 0; count < times; count++) outcomes.push(outcome(await act()));
  return outcomes;
}

const password = (overrides: object = {}, headers = {}) =>
  server.api.post(
    '/users/login',
    { email: alice.email, password: alice.password, ...overrides },
    { headers },
  );

afterEach(() => server.close());

describe('where addresses are not limited', () => {
  beforeEach(() => start({ RL_LOGIN_IP_LIMIT: '100000', LOGIN_FAIL_IP_THRESHOLD: '100000' }));

  it('failing passkeys lock nobody out, of password or passkey, and nobody is told of a lock', async () => {
    expect(await fail(40)).toEqual(Array.from({ length: 40 }, () => FAILED));
    expect((await password()).status).toBe(200);
    expect((await client.logIn()).status).toBe(200);
    expect(notices.filter(({ kind }) => kind === 'lockout')).toEqual([]);
  });

  it('an account whose passwords are locked is open to its passkey', async () => {
    await inTurn(8, () => password({ password: 'not the password of anybody' }));
    expect(outcome(await password())).toEqual([429, 'LOCKED_OUT']);
    expect((await client.logIn()).status).toBe(200);
    expect(outcome(await password())).toEqual([429, 'LOCKED_OUT']);
  });

  it('a known device fails for itself: its passkeys are held back for a while, its passwords are not', async () => {
    const { device_token: token } = (await password()).body as { device_token: string };
    const headers = { 'x-device-token': token };
    const failHere = async () => {
      const { body: options } = await server.api.post('/auth/passkeys/login/options', {});
      return client.verify(client.authenticator.get(options, { tamper: () => Buffer.alloc(70, 1) }), headers);
    };
    expect(await inTurn(9, failHere)).toEqual([
      ...Array.from({ length: 8 }, () => FAILED),
      [429, 'LOCKED_OUT'],
    ]);
    expect((await password({}, headers)).status).toBe(200);
    expect((await client.logIn()).status).toBe(200);
    expect(notices.filter(({ kind }) => kind === 'lockout')).toEqual([]);
  });
});

describe('by default', () => {
  beforeEach(() => start({}));

  it('twenty failures in ten minutes are all that an address has, for passwords and passkeys together', async () => {
    expect(await fail(19)).toEqual(Array.from({ length: 19 }, () => FAILED));
    expect(outcome(await password({ email: 'nobody@example.com', password: 'x' }))).toEqual(FAILED);
    const refused = await client.logIn();
    expect(outcome(refused)).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(500);
    expect(outcome(await password())).toEqual([429, 'RATE_LIMITED']);
  });

  it('a device that is known is let in from there', async () => {
    const { body } = await client.logIn();
    await fail(20);
    const { body: options } = await server.api.post('/auth/passkeys/login/options', {});
    const answer = await client.verify(client.authenticator.get(options), {
      'x-device-token': body.device_token,
    });
    expect(answer.status).toBe(200);
  });

  it('a failure stands in the log with its reason and without a name', async () => {
    await fail(1);
    await client.logIn({ id: Buffer.alloc(32, 7).toString('base64url') });
    const { rows } = await server.sql.query(
      `SELECT subject_id, details FROM audit_events WHERE event_type = 'authn_login_fail' ORDER BY id`,
    );
    expect(rows).toEqual([
      { subject_id: alice.id, details: { method: 'passkey', reason: 'invalid_passkey' } },
      { subject_id: null, details: { method: 'passkey', reason: 'unknown_passkey' } },
    ]);
  });
});
