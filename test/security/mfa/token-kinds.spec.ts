import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { enrol, passPassword, StoppedClock, type Enrolled } from '../../support/authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { WebClient } from '../../support/web-client.js';
import { operationsOf, type OpenApiDocument } from '../../support/operations.js';

let server: TestServer;
let alice: Enrolled;
let time: StoppedClock;
beforeAll(async () => {
  server = await startTestServer();
  time = new StoppedClock(server.app.get(Clock));
  alice = await enrol(server.api, server.app.get(Clock), await server.signUp());
});
afterAll(() => server.close());

const complete = (body: object) => server.api.post('/auth/mfa/complete', body);

describe('the token of a login that waits', () => {
  it('is no access token, on any route, and no cookie of one', async () => {
    const token = await passPassword(server.api, alice);
    const operations = operationsOf((await server.api.get('/mc101docs-json')).body as OpenApiDocument);
    const guarded = operations.filter(({ isPublic }) => !isPublic);
    expect(guarded.length).toBeGreaterThan(35);
    const page = new WebClient(server.url, server.config.publicUrl);
    for (const { key, method, path, bodyFields, sampleBody } of guarded) {
      const target = path.replaceAll(/\{\w+\}/g, '1');
      const answer = await server.as({ token }).request(method, target, bodyFields && sampleBody, {
        headers: {
          ...page.headers,
          cookie: `__Host-refresh=${token}; __Host-csrf=${token}; access_token=${token}`,
          'x-csrf-token': token,
        },
      });
      expect({ key, status: answer.status }).toEqual({ key, status: 401 });
    }
  });

  it('is no refresh token, no token of a browser, no invitation and no device', async () => {
    const token = await passPassword(server.api, alice);
    expect((await server.api.post('/auth/refresh', { refresh_token: token })).status).toBe(401);
    // A logout says the same of any token; it must not end the waiting either.
    expect((await server.api.post('/auth/logout', { refresh_token: token })).status).toBe(200);
    const page = new WebClient(server.url, server.config.publicUrl);
    page.cookies.set('__Host-refresh', `0b8e2c3e-6f0a-4c1b-9a3e-2d1f5b7a9c10.${token}`);
    page.cookies.set('__Host-csrf', token);
    expect((await page.refresh()).status).toBe(403);
    const invited = await server.api.post('/users/register', {
      name: 'Mallory',
      email: 'mallory-mfa@example.com',
      password: 'a curious otter sings at dawn 7',
      invitation: token,
    });
    expect(invited.body.error.code).toBe('INVITATION_INVALID');
    const devices = async () => (await server.sql.query('SELECT FROM known_devices')).rowCount;
    const before = await devices();
    const bob = await server.signUp();
    const login = await server.api.post(
      '/users/login',
      { email: bob.email, password: bob.password },
      { headers: { 'x-device-token': token } },
    );
    expect(login.body.device_token).not.toBe(token);
    expect(await devices()).toBe((before ?? 0) + 2);
    time.pass(60);
    expect((await complete({ mfa_token: token, code: alice.app.freshCode() })).status).toBe(200);
  });

  it.each(['access token', 'refresh token', 'device token', 'CSRF token', 'backup code'])(
    'is no %s',
    async (kind) => {
      time.pass(60);
      const mfaToken = await passPassword(server.api, alice);
      const { body } = await complete({ mfa_token: mfaToken, code: alice.app.freshCode() });
      const page = new WebClient(server.url, server.config.publicUrl);
      await page.logIn(await server.signUp());
      const others: Record<string, string> = {
        'access token': body.access_token,
        'refresh token': body.refresh_token,
        'device token': body.device_token,
        'CSRF token': page.csrfToken!,
        'backup code': alice.backupCodes[5]!,
      };
      time.pass(60);
      const answer = await complete({ mfa_token: others[kind], code: alice.app.freshCode() });
      expect({ status: answer.status, code: answer.body.error.code }).toEqual({
        status: 401,
        code: 'MFA_TOKEN_INVALID',
      });
    },
  );

  it('of somebody else is completed by nobody’s codes but theirs', async () => {
    const bob = await enrol(server.api, server.app.get(Clock), await server.signUp());
    time.pass(60);
    const token = await passPassword(server.api, bob);
    for (const body of [{ code: alice.app.freshCode() }, { backup_code: alice.backupCodes[1] }]) {
      const answer = await complete({ mfa_token: token, ...body });
      expect(answer.body.error.code).toBe('CODE_INVALID');
    }
  });

  it.each([
    ['nothing', ''],
    ['a random one', randomBytes(32).toString('base64url')],
    ['text of its length', 'A'.repeat(43)],
    ['a long text', 'A'.repeat(2048)],
    ['a text beyond all lengths', 'A'.repeat(2049)],
    ['SQL', `' OR '1'='1`],
    ['an operator', { $ne: '' }],
    ['a list', ['A'.repeat(43)]],
    ['null', null],
    ['a number', 7],
  ])('is not %s', async (_, token) => {
    const answer = await complete({ mfa_token: token, code: '123456' });
    expect([401, 422]).toContain(answer.status);
    expect(['MFA_TOKEN_INVALID', 'VALIDATION_ERROR']).toContain(answer.body.error.code);
  });
});
