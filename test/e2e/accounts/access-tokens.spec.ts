import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto';
import { Clock } from '../../../src/common/clock.js';
import { deriveSubkey } from '../../../src/crypto/derive-subkey.js';
import { parseKeyRing } from '../../../src/crypto/parse-key-ring.js';
import type { Actor } from '../../support/api-client.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let alice: Actor;
let sessionId: string;

beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
  sessionId = (await server.as(alice).get('/users/info')).body.session.id as string;
});
afterAll(() => server.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signingKey(ring = TEST_SECRETS.JWT_SECRET_KEY): Buffer {
  return deriveSubkey(parseKeyRing('JWT_SECRET_KEY', ring).current, 'mc101/jwt/v1');
}

interface Forgery {
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
  key?: Buffer;
  signature?: (input: string) => string;
}

/** A token as the service makes them, but for what a test changes. */
function forge({ header = {}, payload = {}, key = signingKey(), signature }: Forgery = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const input = [
    encode({ alg: 'HS256', typ: 'at+jwt', kid: 'k1', ...header }),
    encode({
      sub: String(alice.id),
      sid: sessionId,
      jti: randomUUID(),
      iss: 'http://localhost:8000',
      aud: 'mc101',
      iat: now,
      exp: now + 900,
      ...payload,
    }),
  ].join('.');
  return `${input}.${signature ? signature(input) : createHmac('sha256', key).update(input).digest('base64url')}`;
}

const info = (token: string) => server.as({ token }).get('/users/info');

async function expectRefused(authorization: string | undefined): Promise<void> {
  const answer = await server.api.get('/users/info', { headers: authorization ? { authorization } : {} });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  expect(answer.body.error.code).toBe('UNAUTHENTICATED');
}

describe('an access token', () => {
  it('says whose it is, for which session, from whom, for whom and how long', () => {
    const [header, payload] = alice.token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
    expect(header).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' });
    expect(payload).toEqual({
      sub: String(alice.id),
      sid: sessionId,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      iss: 'http://localhost:8000',
      aud: 'mc101',
      iat: expect.any(Number),
      exp: (payload!['iat'] as number) + 900,
    });
  });

  it('made by the same rules is accepted, so that the refusals below mean something', async () => {
    expect((await info(forge())).status).toBe(200);
    expect(
      (await server.api.get('/users/info', { headers: { authorization: `bEaReR  ${forge()}` } })).status,
    ).toBe(200);
  });

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rs256 = (key: KeyObject) => (input: string) =>
    sign('sha256', Buffer.from(input), key).toString('base64url');

  it.each<[string, () => Forgery]>([
    ['no algorithm', () => ({ header: { alg: 'none' }, signature: () => '' })],
    ['no algorithm, and a signature', () => ({ header: { alg: 'none' } })],
    ['no algorithm in other capitals', () => ({ header: { alg: 'nOnE' }, signature: () => '' })],
    [
      'another algorithm of the same family',
      () => ({
        header: { alg: 'HS512' },
        signature: (input) => createHmac('sha512', signingKey()).update(input).digest('base64url'),
      }),
    ],
    [
      'a public-key algorithm',
      () => ({
        header: { alg: 'RS256' },
        signature: rs256(createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))),
      }),
    ],
    ['a wrong key', () => ({ key: signingKey(`k1:${Buffer.alloc(32, 'x').toString('base64')}`) })],
    ['an empty key', () => ({ key: Buffer.alloc(0) })],
    ['the secret itself as the key', () => ({ key: Buffer.alloc(32, 'j') })],
    ['an unknown key id', () => ({ header: { kid: 'k2' } })],
    ['no key id', () => ({ header: { kid: undefined } })],
    ['a key id that is no string', () => ({ header: { kid: ['k1'] } })],
    ['a key id from a prototype', () => ({ header: { kid: '__proto__' } })],
    ['another type', () => ({ header: { typ: 'JWT' } })],
    ['no type', () => ({ header: { typ: undefined } })],
    ['another issuer', () => ({ payload: { iss: 'https://elsewhere.example' } })],
    ['no issuer', () => ({ payload: { iss: undefined } })],
    ['another audience', () => ({ payload: { aud: 'other' } })],
    ['no audience', () => ({ payload: { aud: undefined } })],
    ['no session', () => ({ payload: { sid: undefined } })],
    ['a session that never was', () => ({ payload: { sid: randomUUID() } })],
    ['a session that cannot be one', () => ({ payload: { sid: 'x' } })],
    ['no user', () => ({ payload: { sub: undefined } })],
    ['a user that cannot be one', () => ({ payload: { sub: '1.5' } })],
    ['a user past every id', () => ({ payload: { sub: '9007199254740991' } })],
    ['a time to come', () => ({ payload: { nbf: Math.floor(Date.now() / 1000) + 600 } })],
    ['its end in the past', () => ({ payload: { exp: Math.floor(Date.now() / 1000) - 1 } })],
    ['no end', () => ({ payload: { exp: undefined } })],
  ])('with %s is refused', async (_, forgery) => {
    await expectRefused(`Bearer ${forge(forgery())}`);
  });

  it('with another session or user written into it is refused', async () => {
    const bob = await server.signUp();
    const [header, payload, signature] = bob.token.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    for (const change of [{ sid: sessionId }, { sub: String(alice.id) }, { exp: 9_999_999_999 }]) {
      await expectRefused(`Bearer ${header}.${encode({ ...claims, ...change })}.${signature}`);
    }
    expect((await info(bob.token)).status).toBe(200);
  });

  it("of one person with another's session is refused, even when properly signed", async () => {
    const bob = await server.signUp();
    await expectRefused(`Bearer ${forge({ payload: { sub: String(bob.id) } })}`);
  });

  it.each([
    undefined,
    'Bearer',
    'Bearer ',
    'Bearer a.b.c',
    'Bearer ..',
    'Bearer e30.e30.',
    'Basic YTpi',
    'Bearer null',
    `Bearer ${'a'.repeat(5000)}`,
  ])('that is none is refused: %s', async (authorization) => {
    await expectRefused(authorization);
  });

  it('is not read from the query, a cookie or the body', async () => {
    const { token } = alice;
    for (const path of [`/users/info?access_token=${token}`, `/users/info?token=${token}`]) {
      expect((await server.api.get(path)).status).toBe(401);
    }
    const cookie = await server.api.get('/users/info', { headers: { cookie: `access_token=${token}` } });
    expect(cookie.status).toBe(401);
  });

  it('ends with its time, to the second', async () => {
    const clock = jest.spyOn(server.app.get(Clock), 'now');
    const start = Date.now();
    const token = forge();
    clock.mockReturnValue(new Date(start + 898_000));
    expect((await info(token)).status).toBe(200);
    clock.mockReturnValue(new Date(start + 901_000));
    await expectRefused(`Bearer ${token}`);
  });

  it('ends with its session, however long the token lasts', async () => {
    const bob = await server.signUp();
    await server.sql.query('UPDATE sessions SET expires_at = now() WHERE user_id = $1', [bob.id]);
    await expectRefused(`Bearer ${bob.token}`);
  });

  it('is accepted under every key of the ring, and refused once its key is gone', async () => {
    const older = TEST_SECRETS.JWT_SECRET_KEY;
    const newer = `k2:${Buffer.alloc(32, 'n').toString('base64')}`;
    const both = await startTestServer({
      database: server.database,
      env: { JWT_SECRET_KEY: `${newer},${older}` },
    });
    const after = await startTestServer({ database: server.database, env: { JWT_SECRET_KEY: newer } });
    try {
      expect((await both.as(alice).get('/users/info')).status).toBe(200);
      expect((await after.as(alice).get('/users/info')).status).toBe(401);
      const token = await both.logIn(alice);
      expect((await after.as({ token }).get('/users/info')).status).toBe(200);
    } finally {
      await both.close();
      await after.close();
    }
  });
});

describe('what an admin decides', () => {
  it('takes effect at once: a disabled person is out, and an enabled one must log in again', async () => {
    const admin = await server.signUpAdmin();
    const bob = await server.signUp();
    await server.as(admin).patch(`/admin/users/${bob.id}`, { is_active: false });
    await expectRefused(`Bearer ${bob.token}`);
    await server.as(admin).patch(`/admin/users/${bob.id}`, { is_active: true });
    await expectRefused(`Bearer ${bob.token}`);
    expect((await info(await server.logIn(bob))).status).toBe(200);
  });

  it('takes effect at once: a role given or taken counts from the next request on', async () => {
    const admin = await server.signUpAdmin();
    const bob = await server.signUp();
    const mayList = async () => (await server.as(bob).get('/admin/users')).status;
    expect(await mayList()).toBe(403);
    await server.as(admin).patch(`/admin/users/${bob.id}`, { role: 'admin' });
    expect(await mayList()).toBe(200);
    await server.as(admin).patch(`/admin/users/${bob.id}`, { role: 'user' });
    expect(await mayList()).toBe(403);
  });
});
