import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SMUGGLINGS, statusesIn } from '../../support/smuggling.js';
import { encodePart, forge, partsOf } from '../forged-tokens.js';
import type { Operation } from '../../support/operations.js';
import { Target } from './target.js';

const EVIL = 'evil.example';

let target: Target;
beforeAll(async () => {
  target = await Target.open();
}, 120_000);
afterAll(() => target.close());

const filled = ({ path }: Operation) => path.replaceAll(/\{\w+\}/g, '1');
const statusOf = (text: string) => statusesIn(text)[0];
const guarded = () => target.operations.filter(({ isPublic, takesCookies }) => !isPublic && !takesCookies);

function raw(line: string, headers: string[] = [], host = target.host): Promise<string> {
  return target.send([line, `Host: ${host}`, ...headers, 'Connection: close', '', ''].join('\r\n'));
}

describe('an address', () => {
  const SPELLINGS: [string, (path: string) => string][] = [
    ['as it is', (path) => path],
    ['with a version', (path) => `/v1${path}`],
    ['with the version twice', (path) => `/v1/v1${path}`],
    ['with a slash at its end', (path) => `${path}/`],
    ['with double slashes', (path) => path.replaceAll('/', '//')],
    ['encoded', (path) => path.replaceAll(/[a-z]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)],
    ['encoded twice', (path) => path.replaceAll(/[a-z]/g, (c) => `%25${c.charCodeAt(0).toString(16)}`)],
    ['with encoded slashes', (path) => `/${path.slice(1).replaceAll('/', '%2f')}`],
    ['with slashes encoded twice', (path) => `/${path.slice(1).replaceAll('/', '%252f')}`],
    ['with backslashes', (path) => path.replaceAll('/', '\\')],
    ['behind a public one', (path) => `/health/..${path}`],
    ['behind a public one, encoded', (path) => `/health/%2e%2e${path}`],
    ['behind a public one, encoded twice', (path) => `/health/%252e%252e${path}`],
    ['behind a public one, with a parameter', (path) => `/health/..;/${path}`],
    ['with a dot in it', (path) => `/.${path}`],
    ['with a dot at its end', (path) => `${path}.`],
    ['with a file type', (path) => `${path}.json`],
    ['with a matrix parameter', (path) => `${path};a=b`],
    ['with a NUL', (path) => `${path}%00`],
    ['with a space', (path) => `${path}%20`],
    ['with a line break', (path) => `${path}%0d%0a`],
    ['with an overlong slash', (path) => path.replace(/\/(\w+)$/, '%c0%af$1')],
    ['with a full-width slash', (path) => path.replace(/\/(\w+)$/, '%ef%bc%8f$1')],
    ['in capitals', (path) => path.toUpperCase()],
    ['in absolute form', (path) => `http://${target.host}${path}`],
    ['in absolute form with a version', (path) => `http://${target.host}/v1${path}`],
  ];

  it.each(SPELLINGS)('that needs a token lets nobody in without one, written %s', async (_, spell) => {
    expect(guarded().length).toBeGreaterThan(20);
    for (const operation of guarded()) {
      const status = statusOf(await raw(`${operation.method} ${spell(filled(operation))} HTTP/1.1`));
      const isRefused = status === undefined || (status >= 300 && status < 500);
      expect({ key: operation.key, status, isRefused }).toEqual({
        key: operation.key,
        status,
        isRefused: true,
      });
    }
  });

  it('for admins refuses everybody else, however it is written', async () => {
    const reading = guarded().filter(({ method, path }) => method === 'GET' && path.startsWith('/admin'));
    expect(reading.length).toBeGreaterThan(3);
    for (const operation of reading) {
      for (const path of [
        filled(operation),
        `/v1${filled(operation)}/`,
        filled(operation).replace('admin', '%61dmin'),
      ]) {
        const { status } = await target.ask('GET', path, { token: target.self.token });
        expect({ path, isRight: target.self.role === 'admin' ? status < 500 : status === 403 }).toEqual({
          path,
          isRight: true,
        });
      }
    }
  });

  it.each([
    '/metrics',
    '/v1/metrics',
    '/.env',
    '/.git/config',
    '/package.json',
    '/mc101docs/../package.json',
    '/mc101docs/..%2f..%2fpackage.json',
  ])('of what is not for the outside answers nothing: %s', async (path) => {
    const status = statusOf(await raw(`GET ${path} HTTP/1.1`));
    expect([400, 403, 404]).toContain(status);
  });
});

describe('a token', () => {
  const key = Buffer.alloc(32, 'the key of an attacker');

  it('that is good opens the door', async () => {
    expect((await target.ask('GET', '/users/info', { token: target.self.token })).status).toBe(200);
  });

  it.each([
    ['is unsigned', { alg: 'none' }],
    ['is unsigned, in capitals', { alg: 'NONE' }],
    ['is signed by an attacker', {}],
    ['brings its key along', { jwk: { kty: 'oct', k: key.toString('base64url') } }],
    ['says where its key is', { jku: `https://${EVIL}/jwks.json` }],
    ['says where its certificate is', { x5u: `https://${EVIL}/cert.pem` }],
    ['names a file for a key', { kid: '../../../../dev/null' }],
    ['names a statement for a key', { kid: "' UNION SELECT 'key' --" }],
    ['names no key', { kid: '' }],
    ['declares what is critical', { crit: ['b64'], b64: false }],
    ['is of another kind', { typ: 'JWT' }],
    ['is of another algorithm', { alg: 'HS512' }],
    ['is of a public key', { alg: 'RS256' }],
  ])('that %s opens no door', async (_, changes) => {
    const { header, payload } = partsOf(target.self.token);
    const changed = { ...header, ...changes };
    const unsigned = `${encodePart(changed)}.${encodePart(payload)}.`;
    const [, , signature = ''] = target.self.token.split('.');
    const isChanged = Object.keys(changes).length > 0;
    const tokens = [unsigned, forge(changed, payload, key), forge(changed, payload, Buffer.alloc(0))];
    for (const token of isChanged ? [...tokens, unsigned + signature] : tokens)
      expect((await target.ask('GET', '/users/info', { token })).status).toBe(401);
  });

  it('of somebody is none of somebody else', async () => {
    const { header, payload } = partsOf(target.self.token);
    const [, , signature = ''] = target.self.token.split('.');
    const other = `${encodePart(header)}.${encodePart({ ...payload, sub: String(Number(payload['sub']) + 1) })}.${signature}`;
    expect((await target.ask('GET', '/users/info', { token: other })).status).toBe(401);
  });
});

describe('a request', () => {
  it('for another host is misdirected', async () => {
    for (const host of [EVIL, `${new URL(target.url).hostname}.${EVIL}`])
      expect(statusOf(await raw('GET / HTTP/1.1', [], host))).toBe(421);
    const forwarded = await raw('GET /nowhere HTTP/1.1', [
      `X-Forwarded-Host: ${EVIL}`,
      `Forwarded: host=${EVIL}`,
    ]);
    expect(forwarded).not.toContain(EVIL);
  });

  it.each(SMUGGLINGS)(
    'hides no other: $name',
    async ({ bytes, isSecondRequestWhereLineFeedsEndLines = false }) => {
      const smuggled = `GET /smuggled HTTP/1.1\r\nHost: ${target.host}\r\nX-Request-ID: smuggled\r\nConnection: close\r\n\r\n`;
      const text = await target.send(bytes(target.host, smuggled));
      expect(statusesIn(text)).not.toContain(101);
      if (!isSecondRequestWhereLineFeedsEndLines) {
        expect(statusesIn(text).length).toBeLessThanOrEqual(1);
        expect(text).not.toContain('"request_id":"smuggled"');
      }
    },
  );

  it('from another origin gets no leave to read, and never credentials', async () => {
    for (const origin of [`https://${EVIL}`, 'null', `https://${target.host}.${EVIL}`]) {
      for (const method of ['GET', 'OPTIONS']) {
        const { headers } = await target.ask(method, '/users/info', { headers: { origin } });
        expect([null, '']).toContain(headers.get('access-control-allow-origin') === origin ? origin : null);
        expect(headers.get('access-control-allow-credentials')).toBeNull();
      }
    }
  });

  it('that reaches into prototypes or names a field twice is refused', async () => {
    for (const body of [
      '{"__proto__":{"role":"admin"}}',
      '{"constructor":{"prototype":{}}}',
      '{"email":"a","email":"b"}',
    ]) {
      const text = await target.send(
        `POST /users/login HTTP/1.1\r\nHost: ${target.host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      expect(statusOf(text)).toBe(400);
    }
  });

  it.each(["' OR '1'='1", '1; SELECT pg_sleep(5) --', '%27%22%60', '{"$gt":""}'])(
    'with a statement in a query is answered as any other: %s',
    async (payload) => {
      for (const operation of guarded().filter(
        ({ method, queryFields }) => method === 'GET' && queryFields.length > 0,
      )) {
        for (const field of operation.queryFields.filter((name) => name !== 'password')) {
          const path = `${filled(operation)}?${field}=${encodeURIComponent(payload)}`;
          const { status } = await target.ask('GET', path, { token: target.self.token });
          expect({ path, status, isFine: status < 500 }).toEqual({ path, status, isFine: true });
        }
      }
    },
  );

  it('to log in says nothing of who has an account', async () => {
    const password = 'not the password of anybody';
    const comparable = async (email: string) => {
      const { status, headers, body } = await target.ask('POST', '/users/login', {
        body: { email, password },
      });
      const error = { ...(body.error as object), request_id: 'of each its own' };
      return {
        status,
        error,
        headers: [...headers.keys()].filter((name) => !name.startsWith('ratelimit')).sort(),
      };
    };
    expect(await comparable(target.self.email)).toEqual(await comparable('nobody-at-all@example.com'));
  });
});
