import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '../../support/api-client.js';
import { rawRequest, sendRaw } from '../../support/raw-http.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const APP = 'https://app.example';
const key = () => `k1:${randomBytes(32).toString('base64')}`;

let server: TestServer;
/** As behind a proxy that terminates TLS. */
let behindProxy: TestServer;

beforeAll(async () => {
  server = await startTestServer({ env: { CORS_ORIGINS: `${APP}, https://other.example` } });
  behindProxy = await startTestServer({
    env: {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://mc101.example',
      TRUSTED_PROXIES: '127.0.0.1',
      JWT_SECRET_KEY: key(),
      TOKEN_PEPPER: key(),
      APP_ENCRYPTION_KEY: key(),
      LOG_SIGNING_KEY: key(),
      MAIL_DISABLED: 'true',
      ARGON2_MEMORY_KIB: '19456',
      ARGON2_TIME_COST: '2',
    },
  });
});
afterAll(async () => {
  await behindProxy.close();
  await server.close();
});

const COMMON = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy':
    'accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=(), interest-cohort=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};
const API = {
  ...COMMON,
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
};
const DOCS = {
  ...COMMON,
  'content-security-policy':
    "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;font-src 'self';" +
    "connect-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none'",
};
/** What belongs to the answer at hand, to the connection or to CORS. */
const OTHERS =
  /^(?:access-control-|content-(?:type|length)$|date$|connection$|keep-alive$|vary$|x-request-id$|www-authenticate$|retry-after$|ratelimit(?:-policy)?$|transfer-encoding$|last-modified$|accept-ranges$|etag$|location$)/;

const securityHeadersOf = ({ headers }: Answer) =>
  Object.fromEntries([...headers].filter(([name]) => !OTHERS.test(name)));

describe('security headers', () => {
  it.each([
    ['GET', '/', 200],
    ['GET', '/health', 200],
    ['HEAD', '/health', 200],
    ['GET', '/users/info', 401],
    ['POST', '/users/register', 422],
    ['GET', '/nowhere', 404],
    ['PUT', '/health', 404],
    ['GET', '/%zz', 400],
    ['GET', `/admin/users/${'1'.repeat(300)}`, 414],
    ['OPTIONS', '/users/info', 204],
    ['GET', '/mc101docs-json', 200],
  ])('stand on every API answer: %s %s', async (method, path, status) => {
    const answer = await server.api.request(method, path);
    expect(answer.status).toBe(status);
    expect(securityHeadersOf(answer)).toEqual(API);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(['/mc101docs', '/mc101docs/', '/mc101docs/swagger-ui-init.js', '/mc101docs/swagger-ui.css'])(
    'let the documentation work and no more: %s',
    async (path) => {
      const answer = await server.api.get(path);
      expect(answer.status).toBe(200);
      expect({ 'cache-control': null, ...securityHeadersOf(answer) }).toEqual({
        'cache-control': answer.headers.get('cache-control'),
        ...DOCS,
      });
    },
  );

  it('stand on what Node refuses before there is a request', async () => {
    const answer = await sendRaw(server.url, 'nonsense\r\n\r\n');
    expect(answer?.status).toBe(400);
    expect(answer?.headers).toMatchObject(API);
  });

  it('pin to TLS only what came over TLS, as a trusted proxy says', async () => {
    const overTls = { headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' } };
    const hsts = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' };
    expect(securityHeadersOf(await behindProxy.api.get('/health', overTls))).toEqual({ ...API, ...hsts });
    expect(securityHeadersOf(await behindProxy.api.get('/mc101docs', overTls))).toMatchObject(hsts);
    expect(securityHeadersOf(await behindProxy.api.get('/health'))).toEqual(API);
    // Nobody is trusted here, so nobody's word counts.
    expect(securityHeadersOf(await server.api.get('/health', overTls))).toEqual(API);
  });

  it('name no software', async () => {
    const { headers } = await server.api.get('/health');
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });
});

describe('the request id', () => {
  it.each(['a', 'A-b_c.9', 'x'.repeat(128)])('is the one of the client: %s', async (id) => {
    const answer = await server.api.get('/users/info', { headers: { 'x-request-id': id } });
    expect(answer.headers.get('x-request-id')).toBe(id);
    expect(answer.body.error.request_id).toBe(id);
    expect(server.log()).toContain(`"request_id":"${id}"`);
  });

  it.each(['', 'x'.repeat(129), 'a b', 'a"b', 'a{"x":1}', 'a/b', 'caf\u00e9', 'a\tb'])(
    'is a new one instead of what cannot be one: %j',
    async (id) => {
      const answer = await server.api.get('/users/info', { headers: { 'x-request-id': id } });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.body.error.request_id).toBe(answer.headers.get('x-request-id'));
    },
  );

  it('is a new one when the client sends two', async () => {
    const headers = ['Host: localhost', 'X-Request-ID: one', 'X-Request-ID: two'];
    const answer = await sendRaw(server.url, rawRequest('GET /health HTTP/1.1', headers));
    expect(answer?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('differs from request to request', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.api.get('/health')));
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(20);
  });

  it('stands in errors that no route has seen', async () => {
    for (const path of ['/%zz', '/nowhere']) {
      const answer = await server.api.get(path, { headers: { 'x-request-id': 'mine' } });
      expect(answer.body.error.request_id).toBe('mine');
    }
  });
});

describe('other origins', () => {
  const preflight = (origin: string, method = 'PATCH') =>
    server.api.request('OPTIONS', '/users/info', undefined, {
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,if-match',
      },
    });
  const cors = ({ headers }: Answer) =>
    Object.fromEntries(
      [...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'),
    );
  const EXPOSED = 'ETag, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID';

  it.each([APP, 'https://other.example'])('that are listed may ask: %s', async (origin) => {
    const answer = await preflight(origin);
    expect(answer.status).toBe(204);
    expect(cors(answer)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers':
        'Authorization, Content-Type, If-Match, X-Note-Password, X-Request-ID, X-Device-Token',
      'access-control-expose-headers': EXPOSED,
      'access-control-max-age': '600',
      vary: 'Origin',
    });
    expect(cors(await server.api.get('/users/info', { headers: { origin } }))).toEqual({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': EXPOSED,
      vary: 'Origin',
    });
  });

  it.each([
    'https://evil.example',
    'http://app.example',
    'https://app.example:444',
    'https://app.example.evil.example',
    'https://sub.app.example',
    'null',
  ])('that are not listed read nothing: %s', async (origin) => {
    for (const answer of [
      await preflight(origin),
      await server.api.get('/health', { headers: { origin } }),
      await server.api.get('/nowhere', { headers: { origin } }),
    ]) {
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });

  it('read errors as they read answers', async () => {
    const origin = { origin: APP };
    const answers = [
      await server.api.get('/nowhere', { headers: origin }),
      await server.api.post('/users/login', undefined, {
        rawBody: '{',
        headers: { ...origin, 'content-type': 'application/json' },
      }),
      await server.api.post('/users/login', undefined, {
        rawBody: 'a',
        headers: { ...origin, 'content-type': 'text/csv' },
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 400, 415]);
    for (const { headers } of answers) expect(headers.get('access-control-allow-origin')).toBe(APP);
  });

  it('may ask for nothing where none is configured', async () => {
    const answer = await behindProxy.api.request('OPTIONS', '/users/info', undefined, {
      headers: { origin: APP, 'access-control-request-method': 'GET' },
    });
    expect(answer.status).toBe(404);
    expect(answer.body.error.code).toBe('NOT_FOUND');
    expect(cors(answer)).toEqual({});
  });
});
