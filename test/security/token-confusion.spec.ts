import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../support/api-client.js';
import { TEST_SECRETS } from '../support/test-config.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { WebClient } from '../support/web-client.js';
import { encodePart, forge, partsOf, signingKeyOf, type Json } from './forged-tokens.js';

/** What somebody could try who holds the signing key and every other right: each token differs in one thing from a good one. */

let server: TestServer;
let alice: Actor;
let header: Json;
let payload: Json;
const key = signingKeyOf(TEST_SECRETS.JWT_SECRET_KEY);

beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
  ({ header, payload } = partsOf(alice.token));
});
afterAll(() => server.close());

/** Whether the guard lets it in; anything but a plain yes or the one refusal fails the test. */
async function opens(token: string): Promise<boolean> {
  const answer = await server.as({ token }).get('/users/info');
  if (answer.status === 200) {
    expect(answer.body.user_id).toBe(alice.id);
    return true;
  }
  expect({ status: answer.status, code: answer.body?.error?.code as unknown }).toEqual({
    status: 401,
    code: 'UNAUTHENTICATED',
  });
  expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  return false;
}

const without = (object: Json, ...names: string[]) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

const toBase64 = (text: string) => text.replaceAll('-', '+').replaceAll('_', '/');

const now = () => Math.floor(Date.now() / 1000);

it('a token forged with the right key and nothing else changed opens the door, so these forgeries are real ones', async () => {
  expect(await opens(forge(header, payload, key))).toBe(true);
  expect(await opens(forge(header, { ...payload, jti: randomUUID() }, key))).toBe(true);
});

describe('a token that is signed with the right key does not open the door', () => {
  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    ' none',
    'none ',
    '',
    null,
    0,
    false,
    [],
    ['HS256'],
    ['none'],
    {},
  ])('with the algorithm %j, signed or not', async (alg) => {
    const signed = forge({ ...header, alg }, payload, key);
    expect(await opens(signed)).toBe(false);
    expect(await opens(signed.slice(0, signed.lastIndexOf('.') + 1))).toBe(false);
  });

  it('without an algorithm', async () => {
    expect(await opens(forge(without(header, 'alg'), payload, key))).toBe(false);
  });

  it.each([
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
    ['hs256', 'sha256'],
    ['HS256 ', 'sha256'],
    ['RS256', 'sha256'],
    ['PS256', 'sha256'],
    ['ES256', 'sha256'],
    ['EdDSA', 'sha256'],
    ['dir', 'sha256'],
    ['A256GCM', 'sha256'],
  ])('with the algorithm %s over HMAC of %s', async (alg, hash) => {
    expect(await opens(forge({ ...header, alg }, payload, key, hash))).toBe(false);
  });

  it.each([
    ['ends now', () => ({ exp: now() })],
    ['ended long ago', () => ({ exp: 1 })],
    ['ends at no number', () => ({ exp: String(now() + 900) })],
    ['ends at null', () => ({ exp: null })],
    ['ends at a list', () => ({ exp: [now() + 900] })],
    ['begins in an hour', () => ({ nbf: now() + 3600 })],
    ['begins at no number', () => ({ nbf: 'now' })],
    ['is for another audience', () => ({ aud: 'another-service' })],
    ['is for a prefix of the audience', () => ({ aud: 'mc10' })],
    ['is for the audience in capitals', () => ({ aud: 'MC101' })],
    ['is for an empty audience', () => ({ aud: [] })],
    ['is for a null audience', () => ({ aud: null })],
    ['comes from another issuer', () => ({ iss: 'https://evil.example' })],
    ['comes from an issuer with a slash more', () => ({ iss: `${String(payload['iss'])}/` })],
    [
      'comes from an issuer that only begins alike',
      () => ({ iss: `${String(payload['iss'])}.evil.example` }),
    ],
    ['comes from a null issuer', () => ({ iss: null })],
    ['names no user', () => ({ sub: null })],
    ['names a user of another', () => ({ sub: String(alice.id + 1) })],
    ['names a user by an operator', () => ({ sub: { $gt: 0 } })],
    ['names a user by SQL', () => ({ sub: `${alice.id} OR 1=1` })],
    ['names a user that is no whole number', () => ({ sub: `${alice.id}.5` })],
    ['names the session by a pattern', () => ({ sid: '%' })],
    ['names the session in a list', () => ({ sid: [payload['sid']] })],
    ['names the session by SQL', () => ({ sid: `${String(payload['sid'])}' OR '1'='1` })],
    ['names another session', () => ({ sid: randomUUID() })],
    ['names the session of nobody', () => ({ sid: '00000000-0000-0000-0000-000000000000' })],
  ])('which %s', async (_, changes) => {
    expect(await opens(forge(header, { ...payload, ...changes() }, key))).toBe(false);
  });

  it.each(['exp', 'aud', 'iss', 'sub', 'sid'])('which has no %s', async (claim) => {
    expect(await opens(forge(header, without(payload, claim), key))).toBe(false);
  });

  it.each(['JWT', 'rt+jwt', 'mfa+jwt', 'mfa_pending', 'id+jwt', 'logout+jwt', '', null, ['at+jwt'], true])(
    'whose type is %j',
    async (typ) => {
      expect(await opens(forge({ ...header, typ }, payload, key))).toBe(false);
    },
  );

  it('which has no type', async () => {
    expect(await opens(forge(without(header, 'typ'), payload, key))).toBe(false);
  });

  it.each([
    'k2',
    '',
    ' k1',
    'K1',
    'k1\0',
    null,
    0,
    ['k1'],
    { id: 'k1' },
    '__proto__',
    'constructor',
    'toString',
    '../../../../dev/null',
    '/dev/null',
    "k1' UNION SELECT 'key' --",
    'k1; cat /etc/passwd |',
    '$(id)',
    'https://evil.example/key',
    'file:///etc/hostname',
  ])('which names the key %j', async (kid) => {
    const other = { ...header, kid };
    expect(await opens(forge(other, payload, key))).toBe(false);
    // Where a missing key becomes an empty one, the empty key signs.
    expect(await opens(forge(other, payload, Buffer.alloc(0)))).toBe(false);
    expect(await opens(forge(other, payload, Buffer.alloc(32)))).toBe(false);
  });

  it('which names no key', async () => {
    expect(await opens(forge(without(header, 'kid'), payload, key))).toBe(false);
  });

  it.each([
    ['an unknown extension that is critical', { crit: ['exp2'], exp2: 1 }],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
    ['an empty list of critical extensions', { crit: [] }],
    ['compression', { crit: ['zip'], zip: 'DEF' }],
    ['an unencoded payload, uncritically', { b64: false }],
    ['compression, uncritically', { zip: 'DEF' }],
  ])('which asks for %s', async (_, extension) => {
    expect(await opens(forge({ ...header, ...extension }, payload, key))).toBe(false);
  });

  it('which has an algorithm twice, whichever a reader takes', async () => {
    const text = JSON.stringify(header);
    expect(await opens(forge(text.replace('{', '{"alg":"none",'), payload, key))).toBe(false);
    expect(await opens(forge(text.replace('}', ',"alg":"none"}'), payload, key))).toBe(false);
  });

  it('whose parts are no objects', async () => {
    for (const part of ['null', '[]', '"text"', '1', 'true', '', '{', '{}x']) {
      expect(await opens(forge(part, payload, key))).toBe(false);
      expect(await opens(forge(header, part, key))).toBe(false);
    }
  });

  it('inside another token', async () => {
    expect(await opens(forge({ ...header, cty: 'JWT' }, alice.token, key))).toBe(false);
    expect(await opens(forge(header, JSON.stringify(alice.token), key))).toBe(false);
  });

  it('after the session that it names has ended', async () => {
    const bob = await server.signUp();
    const { payload: his } = partsOf(bob.token);
    await server.as(bob).post('/users/logout');
    const answer = await server
      .as({ token: forge(header, { ...his, exp: now() + 900 }, key) })
      .get('/users/info');
    expect(answer.status).toBe(401);
  });
});

describe('a key that is not the signing key signs nothing', () => {
  it('the secret itself, its text, and the other secrets of the service included', async () => {
    const keys = Object.values(TEST_SECRETS).flatMap((ring) => {
      const bytes = Buffer.from(ring.split(':')[1]!, 'base64');
      return [bytes, Buffer.from(ring), Buffer.from(ring.split(':')[1]!)];
    });
    const others = [TEST_SECRETS.TOKEN_PEPPER, TEST_SECRETS.APP_ENCRYPTION_KEY].map(signingKeyOf);
    for (const other of [...keys, ...others, Buffer.alloc(0), Buffer.from('secret')])
      expect(await opens(forge(header, payload, other))).toBe(false);
  });

  it('a key pair of the sender included, by any header', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ed = generateKeyPairSync('ed25519');
    for (const [alg, { privateKey, publicKey }] of [
      ['RS256', rsa],
      ['ES256', ec],
      ['EdDSA', ed],
    ] as const) {
      const jwk = publicKey.export({ format: 'jwk' });
      const signed = `${encodePart({ ...header, alg, jwk })}.${encodePart(payload)}`;
      const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(signed), {
        key: privateKey,
        ...(alg === 'ES256' ? { dsaEncoding: 'ieee-p1363' as const } : {}),
      });
      expect(await opens(`${signed}.${signature.toString('base64url')}`)).toBe(false);
    }
  });
});

describe('a header that names a key elsewhere', () => {
  let listener: ReturnType<typeof createServer>;
  let url: string;
  const asked: string[] = [];

  beforeAll(async () => {
    // Answers whoever asks with the attacker's keys.
    listener = createServer((request, response) => {
      asked.push(String(request.url));
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ keys: [{ kty: 'oct', kid: 'k1', k: attackersKey.toString('base64url') }] }),
      );
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => listener.close(resolve)));

  const attackersKey = Buffer.alloc(32, 'the key of an attacker');
  const jwk = { kty: 'oct', k: attackersKey.toString('base64url') };

  it.each([
    ['jku', () => ({ jku: `${url}/jku` })],
    ['jku without kid', () => ({ jku: `${url}/jku`, kid: undefined })],
    ['x5u', () => ({ x5u: `${url}/x5u` })],
    ['kid that is an address', () => ({ kid: `${url}/kid` })],
    ['iss to discover', () => ({ iss: url, jku: `${url}/.well-known/jwks.json` })],
    ['jwk', () => ({ jwk })],
    ['jwk without kid', () => ({ jwk, kid: undefined })],
    ['jwk of the same kid', () => ({ jwk: { ...jwk, kid: 'k1' } })],
    ['x5c', () => ({ x5c: [attackersKey.toString('base64')] })],
    ['x5t', () => ({ x5t: 'AAAA', 'x5t#S256': 'AAAA' })],
    ['key', () => ({ k: attackersKey.toString('base64url') })],
  ])('is not believed: %s', async (_, trick) => {
    const changed = { ...header, ...trick() };
    expect(await opens(forge(changed, payload, attackersKey))).toBe(false);
    // Nor passed over where the signature is right.
    expect(await opens(forge(changed, payload, key))).toBe(false);
    const here = { ...payload, iss: url };
    expect(await opens(forge(changed, here, attackersKey))).toBe(false);
  });

  it('makes the service ask nobody', async () => {
    expect((await fetch(`${url}/control`)).status).toBe(200);
    expect(asked).toEqual(['/control']);
  });
});

describe('a good token that was written otherwise', () => {
  const bearer = (token: string) => server.as({ token });

  it.each([
    ['without its signature', (token: string) => token.slice(0, token.lastIndexOf('.') + 1)],
    ['without the last dot', (token: string) => token.slice(0, token.lastIndexOf('.'))],
    ['with half its signature', (token: string) => token.slice(0, -20)],
    ['with one character less', (token: string) => token.slice(0, -1)],
    ['with one character more', (token: string) => `${token}A`],
    ['with its signature twice', (token: string) => `${token}${token.slice(token.lastIndexOf('.') + 1)}`],
    ['with a fourth part', (token: string) => `${token}.`],
    ['with five parts, as if encrypted', (token: string) => `${token}.AAAA.AAAA`],
    ['with padding', (token: string) => `${token}=`],
    ['with padded parts', (token: string) => token.replaceAll('.', '=.')],
    [
      'in base64 that is not for URLs',
      (token: string) => `${token.slice(0, -43)}${toBase64(token.slice(-43))}`,
    ],
    ['in capitals', (token: string) => token.toUpperCase()],
    ['behind its own header', (token: string) => `${token.split('.')[0]!}.${token}`],
    ['with its parts in another order', (token: string) => token.split('.').reverse().join('.')],
  ])('does not open the door: %s', async (_, change) => {
    const written = change(alice.token);
    // Where the signature happens to have neither - nor _, base64 is base64url.
    if (written !== alice.token) expect((await bearer(written).get('/users/info')).status).toBe(401);
    expect((await bearer(alice.token).get('/users/info')).status).toBe(200);
  });

  it('with other bits where base64url leaves the last ones unused does not open the door', async () => {
    const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = ALPHABET.indexOf(alice.token.at(-1)!);
    const same = Array.from(ALPHABET).filter((_, n) => n >> 2 === last >> 2 && n !== last);
    expect(same).toHaveLength(3);
    for (const character of same)
      expect((await bearer(alice.token.slice(0, -1) + character).get('/users/info')).status).toBe(401);
  });

  it('in the JSON forms of a JWS does not open the door', async () => {
    const [protectedHeader, body, signature] = alice.token.split('.');
    const flat = { protected: protectedHeader, payload: body, signature };
    const general = { payload: body, signatures: [{ protected: protectedHeader, signature }] };
    for (const form of [flat, general, [alice.token], alice.token]) {
      const text = JSON.stringify(form);
      for (const authorization of [`Bearer ${text}`, `Bearer ${encodePart(text)}`, text]) {
        const answer = await server.api.get('/users/info', { headers: { authorization } });
        expect(answer.status).toBe(401);
      }
    }
  });

  it('in any place but the Authorization header does not open the door', async () => {
    const { token } = alice;
    const at = (path: string, headers: Record<string, string> = {}) => server.api.get(path, { headers });
    const answers = await Promise.all([
      at(`/users/info?access_token=${token}`),
      at(`/users/info?token=${token}`),
      at(`/users/info?Authorization=Bearer%20${token}`),
      at('/users/info', { 'x-access-token': token }),
      at('/users/info', { 'x-authorization': `Bearer ${token}` }),
      at('/users/info', { 'proxy-authorization': `Bearer ${token}` }),
      at('/users/info', { cookie: `access_token=${token}; token=${token}` }),
      at('/users/info', { authorization: token }),
      at('/users/info', { authorization: `Token ${token}` }),
      at('/users/info', { authorization: `JWT ${token}` }),
      at('/users/info', { authorization: `Basic ${Buffer.from(`${token}:`).toString('base64')}` }),
      at('/users/info', { authorization: `Bearer ${token}, Bearer ${token}` }),
      at('/users/info', { authorization: `Bearer ${token} ${token}` }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
  });

  it('and made as large as a header can be is refused at once', async () => {
    const filler = encodePart({ ...payload, filler: 'x'.repeat(6_000) });
    const [protectedHeader, , signature] = alice.token.split('.');
    expect(await opens(`${protectedHeader!}.${filler}.${signature!}`)).toBe(false);
    expect(await opens(`${protectedHeader!}${'.'.repeat(8_000)}`)).toBe(false);
    expect(await opens(`${'a.'.repeat(4_000)}a`)).toBe(false);
    expect((await bearer('x'.repeat(40_000)).get('/users/info')).status).toBe(431);
  });
});

describe('one kind of token is not taken for another', () => {
  it('neither of refresh token and access token', async () => {
    const { body } = await server.api.post('/users/login', { email: alice.email, password: alice.password });
    expect(await opens(body.access_token)).toBe(true);
    expect(await opens(body.refresh_token)).toBe(false);
    for (const refreshToken of [
      body.access_token,
      alice.token,
      forge({ ...header, typ: 'rt+jwt' }, payload, key),
    ]) {
      const answer = await server.api.post('/auth/refresh', { refresh_token: refreshToken });
      expect({ status: answer.status, code: answer.body.error.code }).toEqual({
        status: 401,
        code: 'UNAUTHENTICATED',
      });
    }
    expect((await server.api.post('/auth/refresh', { refresh_token: body.refresh_token })).status).toBe(200);
  });

  it('a device token or a CSRF token is neither', async () => {
    const { body } = await server.api.post('/users/login', { email: alice.email, password: alice.password });
    expect(typeof body.device_token).toBe('string');
    expect(await opens(body.device_token)).toBe(false);
    expect((await server.api.post('/auth/refresh', { refresh_token: body.device_token })).status).toBe(401);
    const page = new WebClient(server.url, server.config.publicUrl);
    await page.logIn(alice);
    const cookies = [...page.cookies.values()];
    expect(cookies.length).toBeGreaterThan(1);
    for (const value of cookies) expect(await opens(value)).toBe(false);
  });
});
