import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { Authenticator, enrol, passPassword, StoppedClock } from '../../support/authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let clock: Clock;
let time: StoppedClock;
beforeAll(async () => {
  server = await startTestServer();
  clock = server.app.get(Clock);
  time = new StoppedClock(clock);
});
afterAll(() => server.close());

const codeOf = ({ status, body }: Answer) => ({ status, code: body?.error?.code as unknown });
const logIn = ({ email, password }: Actor) => server.api.post('/users/login', { email, password });

describe('setting an authenticator app up', () => {
  it('tells the app what it needs, as text and as a picture, and changes nothing yet', async () => {
    const alice = await server.signUp();
    const { status, headers, body } = await server.as(alice).post('/auth/mfa/totp/setup');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.secret).toMatch(/^[A-Z2-7]{32}$/);
    const url = new URL(body.otpauth_url as string);
    expect(decodeURIComponent(url.pathname)).toBe(`/MC101:${alice.email}`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      issuer: 'MC101',
      secret: body.secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
    expect(body.qr_svg).toMatch(/^<svg .*<\/svg>$/s);
    expect((await logIn(alice)).body.access_token).toEqual(expect.any(String));
  });

  it('draws another secret each time, and only the last one counts', async () => {
    const alice = await server.signUp();
    const setUp = async () => (await server.as(alice).post('/auth/mfa/totp/setup')).body.secret as string;
    const first = new Authenticator(await setUp(), clock);
    const second = new Authenticator(await setUp(), clock);
    const confirm = (code: string) => server.as(alice).post('/auth/mfa/totp/confirm', { code });
    expect(codeOf(await confirm(first.code()))).toEqual({ status: 400, code: 'CODE_INVALID' });
    expect((await confirm(second.code())).status).toBe(200);
  });

  it('is confirmed by a code, which gives ten backup codes and lets the login wait for a second factor', async () => {
    const alice = await enrol(server, clock, await server.signUp());
    expect(alice.backupCodes).toHaveLength(10);
    expect(new Set(alice.backupCodes).size).toBe(10);
    for (const code of alice.backupCodes) expect(code).toMatch(/^[a-z2-7]{4}(?:-[a-z2-7]{4}){5}$/);
    const answer = await logIn(alice);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { mfa_required: true, mfa_token: expect.any(String), methods: ['totp', 'backup_code'] },
    });
  });

  it('is completed by a code: the same tokens as of any login', async () => {
    const alice = await enrol(server, clock, await server.signUp());
    const token = await passPassword(server.api, alice);
    const answer = await server.api.post('/auth/mfa/complete', {
      mfa_token: token,
      code: alice.app.freshCode(),
    });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body as object).sort()).toEqual([
      'access_token',
      'authentication_type',
      'device_token',
      'expires_in',
      'refresh_token',
      'token',
      'token_type',
    ]);
    expect((await server.as({ token: answer.body.access_token }).get('/users/info')).body.id).toBe(alice.id);
    time.pass(0);
  });
});
