import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { rawRequest, sendRaw } from '../../support/raw-http.js';
import type { TestServer } from '../../support/test-server.js';
import { from, holdTime, newAddress, remaining, startLimitedServer } from '../../support/limited-server.js';

const LIMIT = 6;

let server: TestServer;
beforeAll(async () => {
  server = await startLimitedServer({
    RL_API_LIMIT: String(LIMIT),
    TRUSTED_CLIENT_NETWORKS: '198.51.100.0/24, 2001:db8:ffff::/48',
  });
});
afterAll(() => server.close());
afterEach(() => {
  jest.restoreAllMocks();
});

/** Uses up the limit of an address. */
async function flood(address: string): Promise<void> {
  for (let n = 0; n < LIMIT; n += 1) await server.api.get('/', from(address));
  expect((await server.api.get('/', from(address))).status).toBe(429);
}

describe('whoever is not known yet', () => {
  it('is told with every answer what is left, and past the limit when to come again', async () => {
    const wait = holdTime(server);
    const address = newAddress();
    const first = await server.api.get('/', from(address));
    expect(first.headers.get('ratelimit-policy')).toBe(`"api";q=${LIMIT};w=60`);
    expect(first.headers.get('ratelimit')).toBe(`"api";r=${LIMIT - 1};t=60`);
    wait(20);
    for (let n = 2; n <= LIMIT; n += 1) {
      const answer = await server.api.get('/', from(address));
      expect(answer.headers.get('ratelimit')).toBe(`"api";r=${LIMIT - n};t=40`);
    }
    const refused = await server.api.get('/', from(address));
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('40');
    expect(refused.headers.get('ratelimit')).toBe('"api";r=0;t=40');
    expect(refused.headers.get('x-request-id')).toBeTruthy();
    expect(refused.body.error).toMatchObject({
      code: 'RATE_LIMITED',
      details: {},
      request_id: refused.headers.get('x-request-id'),
    });
    wait(39.999);
    expect((await server.api.get('/', from(address))).status).toBe(429);
    wait(0.001);
    // The first has left the window, the others have not.
    expect((await server.api.get('/', from(address))).status).toBe(200);
    expect((await server.api.get('/', from(address))).status).toBe(429);
  });

  it('is counted once for every request, whatever becomes of it and however it is spelt', async () => {
    const address = newAddress();
    const json = { ...from(address).headers, 'content-type': 'application/json' };
    const answers = [
      await server.api.get('/nowhere', from(address)),
      await server.api.get('/v1/nowhere/', from(address)),
      await server.api.post('/users/login', undefined, { headers: json, rawBody: '{' }),
      await server.api.post('/v1/users/login/', undefined, { headers: json, rawBody: 'x'.repeat(70_000) }),
      await server.api.get('/%zz', from(address)),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 400, 413, 400]);
    expect(answers.map((answer) => remaining(answer))).toEqual([5, 4, 3, 2, 1]);
    const raw = await sendRaw(server.url, rawRequest('GET / HTTP/1.1', [`X-Forwarded-For: ${address}`]));
    expect(raw).toMatchObject({ status: 400, headers: { ratelimit: expect.stringContaining('"api";r=0') } });
    for (const target of ['/', '/nowhere', '/%zz', '/users/info', '/v1/users/notes', '/users/%6Cogin'])
      expect([target, (await server.api.get(target, from(address))).status]).toEqual([target, 429]);
    const bad = await server.api.get('/%zz', from(address));
    expect(bad.body.error.code).toBe('RATE_LIMITED');
    expect(bad.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('may always ask how the service does, and read its documentation', async () => {
    const address = newAddress();
    await flood(address);
    for (const path of ['/health', '/v1/health/', '/ready', '/mc101docs-json', '/mc101docs/swagger-ui.css']) {
      const answer = await server.api.get(path, from(address));
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get('ratelimit')).toBeNull();
    }
  });

  it('a hundred at once get in as often as the limit says', async () => {
    const address = newAddress();
    const answers = await Promise.all(Array.from({ length: 100 }, () => server.api.get('/', from(address))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(100 - LIMIT);
  });
});

describe('an address', () => {
  it('is the one that the proxy saw: what the client says of itself neither helps it nor harms others', async () => {
    const [attacker, victim] = [newAddress(), newAddress()];
    for (let n = 0; n < LIMIT; n += 1) {
      const headers = {
        'x-forwarded-for': `${victim}, 192.0.2.${n}, ${attacker}`,
        forwarded: `for=${victim}`,
        'x-real-ip': victim,
        'x-client-ip': victim,
        'cf-connecting-ip': victim,
      };
      expect((await server.api.get('/', { headers })).status).toBe(200);
    }
    const headers = { 'x-forwarded-for': `192.0.2.99, ${attacker}` };
    expect((await server.api.get('/', { headers })).status).toBe(429);
    expect(remaining(await server.api.get('/', from(victim)))).toBe(LIMIT - 1);
  });

  it('of IPv6 counts by its /64, and one of IPv4 is itself in any spelling', async () => {
    const network = [
      '2001:db8:1:2::1',
      '2001:db8:1:2:ffff::',
      '2001:0DB8:0001:0002:0:0:0:7',
      '[2001:db8:1:2::9]:443',
    ];
    const left = [];
    for (const address of network) left.push(remaining(await server.api.get('/', from(address))));
    expect(left).toEqual([5, 4, 3, 2]);
    expect(remaining(await server.api.get('/', from('2001:db8:1:3::1')))).toBe(5);
    const spellings = ['192.0.2.77', '::ffff:192.0.2.77', '::ffff:c000:24d', '192.0.2.77:51234'];
    const ofIpv4 = [];
    for (const address of spellings) ofIpv4.push(remaining(await server.api.get('/', from(address))));
    expect(ofIpv4).toEqual([5, 4, 3, 2]);
  });

  it('that is none is counted with all the others that are none', async () => {
    expect(remaining(await server.api.get('/', from('unknown')))).toBe(5);
    expect(remaining(await server.api.get('/', from('_hidden')))).toBe(4);
  });

  it('in a trusted network has twenty times the limit, and the network next to it has not', async () => {
    expect(remaining(await server.api.get('/', from('198.51.100.7')))).toBe(20 * LIMIT - 1);
    expect(remaining(await server.api.get('/', from('2001:db8:ffff:1::1')))).toBe(20 * LIMIT - 1);
    expect(remaining(await server.api.get('/', from('198.51.101.7')))).toBe(LIMIT - 1);
  });
});

describe('whoever is logged in', () => {
  const info = (token: string, address: string, path = '/users/info') =>
    server.as({ token }).get(path, from(address));

  it('is counted by account, from wherever and in whichever session, and nobody else with it', async () => {
    const [alice, bob] = await server.signUpCrowd(2);
    const office = newAddress();
    for (let n = 0; n < LIMIT; n += 1)
      expect(
        remaining(await info(alice!.token, newAddress(), n % 2 ? '/v1/users/info/' : '/users/info')),
      ).toBe(LIMIT - 1 - n);
    const refused = await info(alice!.token, office);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(remaining(await info(bob!.token, office))).toBe(LIMIT - 1);
    // Not one of these was counted to the address.
    expect(remaining(await server.api.get('/', from(office)))).toBe(LIMIT - 1);
  });

  it('is not shut out by a flood from the same address', async () => {
    const [alice] = await server.signUpCrowd(1);
    const office = newAddress();
    await flood(office);
    expect((await info(alice!.token, office)).status).toBe(200);
  });

  it.each([
    ['a made-up token', () => 'made-up'],
    ['a token of another key', (token: string) => `${token.slice(0, -8)}AAAAAAAA`],
    ['no token at all', () => ''],
  ])('%s counts to the address', async (_what, forge) => {
    const [alice] = await server.signUpCrowd(1);
    const address = newAddress();
    const token = forge(alice!.token);
    const headers = { ...from(address).headers, ...(token && { authorization: `Bearer ${token}` }) };
    for (let n = 0; n < LIMIT; n += 1) {
      const answer = await server.api.get('/users/info', { headers });
      expect([answer.status, remaining(answer)]).toEqual([401, LIMIT - 1 - n]);
    }
    expect((await server.api.get('/users/info', { headers })).status).toBe(429);
    expect(remaining(await info(alice!.token, newAddress()))).toBe(LIMIT - 1);
  });

  it('a token whose session has ended counts to the address, and uses up nothing of its user', async () => {
    const [alice] = await server.signUpCrowd(1);
    await server.sql.query('UPDATE sessions SET revoked_at = now() WHERE user_id = $1', [alice!.id]);
    const address = newAddress();
    for (let n = 0; n < LIMIT; n += 1) {
      const answer = await info(alice!.token, address);
      expect([answer.status, remaining(answer)]).toEqual([401, LIMIT - 1 - n]);
    }
    expect((await info(alice!.token, address)).status).toBe(429);
    await server.sql.query('UPDATE sessions SET revoked_at = NULL WHERE user_id = $1', [alice!.id]);
    const elsewhere = newAddress();
    // It is believed again as soon as it was seen alive.
    expect((await info(alice!.token, elsewhere)).status).toBe(200);
    expect(remaining(await info(alice!.token, elsewhere))).toBe(LIMIT - 1);
    expect(remaining(await server.api.get('/', from(elsewhere)))).toBe(LIMIT - 2);
  });

  it('a hundred requests at once with an ended token are no more than the address has', async () => {
    const [alice] = await server.signUpCrowd(1);
    await server.sql.query('UPDATE sessions SET revoked_at = now() WHERE user_id = $1', [alice!.id]);
    const address = newAddress();
    const answers = await Promise.all(Array.from({ length: 100 }, () => info(alice!.token, address)));
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(LIMIT);
    expect(answers.every(({ status }) => [401, 429].includes(status))).toBe(true);
    await server.sql.query('UPDATE sessions SET revoked_at = NULL WHERE user_id = $1', [alice!.id]);
    await info(alice!.token, newAddress());
    expect(remaining(await info(alice!.token, newAddress()))).toBe(LIMIT - 1);
  });

  it.each(['/', '/nowhere', '/%zz'])(
    'at %s, which asks for no token, is counted by address',
    async (path) => {
      const [alice] = await server.signUpCrowd(1);
      const address = newAddress();
      expect(remaining(await info(alice!.token, address, path))).toBe(LIMIT - 1);
      expect(remaining(await info(alice!.token, address, path))).toBe(LIMIT - 2);
      expect(remaining(await info(alice!.token, address))).toBe(LIMIT - 1);
    },
  );

  it('requests that nobody can understand are counted by address, however good their token is', async () => {
    const [alice] = await server.signUpCrowd(1);
    const address = newAddress();
    const malformed = () =>
      server.as(alice!).post('/users/notes', undefined, {
        headers: { ...from(address).headers, 'content-type': 'application/json' },
        rawBody: '{',
      });
    const statuses = [];
    for (let n = 0; n <= LIMIT; n += 1) statuses.push((await malformed()).status);
    expect(statuses).toEqual([...Array.from({ length: LIMIT }, () => 400), 429]);
    const elsewhere = newAddress();
    await info(alice!.token, elsewhere);
    expect(remaining(await info(alice!.token, elsewhere))).toBe(LIMIT - 1);
  });
});

it('browsers of other origins may read the headers', async () => {
  const other = await startLimitedServer({ CORS_ORIGINS: 'https://app.example.com' });
  try {
    const answer = await other.api.get('/', { headers: { origin: 'https://app.example.com' } });
    expect(answer.headers.get('access-control-expose-headers')).toMatch(/RateLimit, RateLimit-Policy/);
    expect(answer.headers.get('ratelimit')).toBeTruthy();
  } finally {
    await other.close();
  }
});
