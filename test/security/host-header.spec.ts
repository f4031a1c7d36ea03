import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawRequest, sendRaw, type RawAnswer } from '../support/raw-http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { operationsOf, type OpenApiDocument, type Operation } from '../support/operations.js';

const EVIL = 'evil.example';

let server: TestServer;
let operations: Operation[];
beforeAll(async () => {
  const production = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://mc101.test',
    TRUSTED_PROXIES: '127.0.0.1',
  };
  const key = () => `k1:${randomBytes(32).toString('base64')}`;
  const secrets = {
    JWT_SECRET_KEY: key(),
    TOKEN_PEPPER: key(),
    APP_ENCRYPTION_KEY: key(),
    LOG_SIGNING_KEY: key(),
    MAIL_DISABLED: 'true',
  };
  const strength = { ARGON2_MEMORY_KIB: '19456', ARGON2_TIME_COST: '2' };
  server = await startTestServer({
    env: { ...secrets, ...production, ...strength, ALLOWED_HOSTS: 'vote.example.org' },
  });
  operations = operationsOf((await server.api.get('/mc101docs-json')).body as OpenApiDocument);
});
afterAll(() => server.close());

async function send(line: string, headers: string[], body?: string): Promise<RawAnswer> {
  const length =
    body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
  const answer = await sendRaw(server.url, rawRequest(line, [...headers, ...length], body));
  if (answer === undefined) throw new Error(`no answer to ${line}`);
  return answer;
}

const codeOf = ({ body }: RawAnswer) => (JSON.parse(body) as { error?: { code: string } }).error?.code;

describe('a request for another host', () => {
  it('is misdirected at every route but those by which supervisors ask, in header and target', async () => {
    const others = operations.filter(({ path }) => !['/health', '/ready'].includes(path));
    expect(others.length).toBeGreaterThan(25);
    for (const { key, method, path } of others) {
      const target = path.replaceAll(/\{\w+\}/g, '1');
      for (const [line, host] of [
        [`${method} ${target} HTTP/1.1`, EVIL],
        [`${method} /v1${target} HTTP/1.1`, `${EVIL}:8000`],
        [`${method} http://${EVIL}${target} HTTP/1.1`, 'localhost'],
      ] as const) {
        // No controller is at /v1 itself.
        if (target === '/' && line.includes('/v1/ ')) continue;
        const answer = await send(line, [`Host: ${host}`]);
        expect({ key, line, status: answer.status, code: codeOf(answer) }).toEqual({
          ...{ key, line, status: 421, code: 'MISDIRECTED_REQUEST' },
        });
      }
    }
  });

  it('is misdirected at the documentation, and where nothing is', async () => {
    for (const path of ['/mc101docs', '/mc101docs-json', '/nowhere'])
      expect((await send(`GET ${path} HTTP/1.1`, [`Host: ${EVIL}`])).status).toBe(421);
  });

  it('is not made right by what a proxy says', async () => {
    for (const header of ['X-Forwarded-Host', 'X-Host', 'X-Original-Host', 'X-Forwarded-Server'])
      expect((await send('GET / HTTP/1.1', [`Host: ${EVIL}`, `${header}: localhost`])).status).toBe(421);
  });

  it.each(['localhost:1', '127.0.0.1', 'vote.example.org', 'VOTE.example.org:443'])(
    'is none under a name of the service: %s',
    async (host) => {
      expect((await send('GET / HTTP/1.1', [`Host: ${host}`])).status).toBe(200);
    },
  );

  it('leaves supervisors alone, who ask by address', async () => {
    for (const path of ['/health', '/ready', '/v1/health/', '/v1/ready'])
      expect((await send(`GET ${path} HTTP/1.1`, ['Host: 10.1.2.3:8000'])).status).toBe(200);
  });
});

describe('no answer is built from what a request says about hosts', () => {
  const SAYINGS = [
    `X-Forwarded-Host: ${EVIL}`,
    `X-Forwarded-Server: ${EVIL}`,
    `X-Host: ${EVIL}`,
    `X-Original-URL: https://${EVIL}/`,
    `X-Forwarded-Prefix: //${EVIL}`,
    `X-Forwarded-Port: 1${EVIL}`,
    `Forwarded: host=${EVIL};for=127.0.0.1`,
    `Referer: https://${EVIL}/`,
    `Origin: https://${EVIL}`,
  ];

  it.each([
    ['GET', '/', undefined],
    ['GET', '/mc101docs', undefined],
    ['GET', '/mc101docs/', undefined],
    ['GET', '/mc101docs-json', undefined],
    ['GET', '/health', undefined],
    ['GET', '/nowhere', undefined],
    ['GET', '//nowhere/..', undefined],
    ['POST', '/users/login', '{"email":"a@example.com","password":"not the password"}'],
    ['POST', '/auth/web/login', '{"email":"a@example.com","password":"not the password"}'],
    ['POST', '/users/register', '{}'],
  ] as const)('%s %s', async (method, path, body) => {
    for (const accept of ['text/html', 'application/json']) {
      const answer = await send(
        `${method} ${path} HTTP/1.1`,
        ['Host: localhost', `Accept: ${accept}`, ...SAYINGS],
        body,
      );
      expect(answer.status).toBeLessThan(500);
      expect(JSON.stringify(answer)).not.toContain(EVIL);
    }
  });

  it('a redirect stays on this host, whatever the address', async () => {
    for (const path of [
      '/',
      `//${EVIL}`,
      `//${EVIL}/%2e%2e`,
      `/\\${EVIL}`,
      `/mc101docs//${EVIL}`,
      `/mc101docs/..//${EVIL}`,
    ]) {
      const { status, headers } = await send(`GET ${path} HTTP/1.1`, [
        'Host: localhost',
        'Accept: text/html',
        ...SAYINGS,
      ]);
      expect(status).toBeLessThan(500);
      const { location } = headers;
      if (location !== undefined)
        expect(new URL(location, server.url).origin).toBe(new URL(server.url).origin);
    }
  });
});
