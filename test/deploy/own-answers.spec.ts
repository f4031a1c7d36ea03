import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { STATUS_BY_CODE } from '../../src/common/errors/error-codes.js';
import { checkout } from '../support/service-process.js';
import { API_HEADERS, expectEachOnce, expectError } from './expect-headers.js';
import { startNginxAlone, type NginxAlone } from './nginx-alone.js';
import { sendTls } from './send-tls.js';

const KIB = 1024;

const SCRIPT = 'export const greeting = "hello";\n'.repeat(100);

let alone: NginxAlone;

beforeAll(async () => {
  alone = await startNginxAlone({
    'web/index.html': '<!doctype html><title>MC101</title>',
    'web/assets/app-3f2a.js': SCRIPT,
  });
});
afterAll(() => alone.close());

describe('errors of nginx have the shape and the headers of the app', () => {
  it('when no process can be reached', async () => {
    const answer = await alone.client.get('/health');
    expectError(answer, 502, 'UPSTREAM_UNAVAILABLE');
    expect(answer.header('retry-after')).toBe('1');
  });

  it('when a body is too large', async () => {
    expectError(
      await alone.client.post('/users/vote', { padding: 'x'.repeat(64 * KIB) }),
      413,
      'PAYLOAD_TOO_LARGE',
    );
  });

  it('when a body without a length is too large', async () => {
    const chunk = `4000\r\n${'x'.repeat(16 * KIB)}\r\n`;
    const answer = await sendTls(
      alone.site,
      `POST /users/vote HTTP/1.1\r\nHost: mc101.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`,
    );
    expectError(answer, 413, 'PAYLOAD_TOO_LARGE');
  });

  it.each([
    ['a zero byte in a header', 'GET / HTTP/1.1\r\nHost: mc101.test\r\nX-Text: a\0b\r\n\r\n', 400],
    ['no request line', 'nonsense\r\n\r\n', 400],
    ['a path that cannot be decoded', 'GET /%zz HTTP/1.1\r\nHost: mc101.test\r\n\r\n', 400],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['two hosts', 'GET /health HTTP/1.1\r\nHost: mc101.test\r\nHost: evil.example\r\n\r\n', 400],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: mc101.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: mc101.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('when a request has %s', async (_what, request, status) => {
    expectError(await sendTls(alone.site, request), status, 'MALFORMED_REQUEST');
  });

  it('when an address is too long', async () => {
    expectError(await alone.client.get(`/${'x'.repeat(9 * KIB)}`), 414, 'URI_TOO_LONG');
  });

  it('when the headers are too large', async () => {
    const request = `GET / HTTP/1.1\r\nHost: mc101.test\r\nX-Padding: ${'x'.repeat(9 * KIB)}\r\n\r\n`;
    expectError(await sendTls(alone.site, request), 431, 'HEADERS_TOO_LARGE');
  });

  it('when a method is of no use here', async () => {
    expectError(await alone.client.request('TRACE', '/'), 405, 'METHOD_NOT_ALLOWED');
    expectError(await alone.client.post('/app/', {}), 405, 'METHOD_NOT_ALLOWED');
  });

  it.each([
    '/metrics',
    '/metrics/',
    '/v1/metrics',
    '/dev/mail',
    '/DEV/mail',
    '/%64ev/mail',
    '/x/../dev/',
    '//metrics',
  ])('when somebody asks for what is closed to the outside: %s', async (address) => {
    expectError(await alone.client.get(address), 404, 'NOT_FOUND');
  });

  it('when a file of the web app does not exist', async () => {
    expectError(await alone.client.get('/app/assets/none.js'), 404, 'NOT_FOUND');
    expectError(await alone.client.get('/app/assets/'), 404, 'NOT_FOUND');
  });

  it('when somebody asks for another host, by name or by SNI', async () => {
    const evil = { headers: { host: 'evil.example' } };
    expectError(await alone.client.get('/health', evil), 421, 'MISDIRECTED_REQUEST');
    const plain = 'GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n';
    expectError(await sendTls({ ...alone.site, name: '' }, plain), 421, 'MISDIRECTED_REQUEST');
  });

  it('a code that the app has as well goes with the same status', () => {
    const template = readFileSync(path.join(checkout, 'deploy', 'nginx', 'nginx.conf.template'), 'utf8');
    const table = /map \$status \$mc101_error_code \{([^}]*)\}/.exec(template)![1]!;
    const codes = [...table.matchAll(/(\d{3}) ([A-Z_]+);/g)].map(([, status, code]) => [
      code,
      Number(status),
    ]);
    expect(codes.length).toBeGreaterThan(10);
    const own = codes.filter(([code]) => !Object.hasOwn(STATUS_BY_CODE, code!));
    expect(own).toEqual([
      ['UPSTREAM_UNAVAILABLE', 502],
      ['UPSTREAM_TIMEOUT', 504],
    ]);
    expect(STATUS_BY_CODE).toMatchObject(Object.fromEntries(codes.filter((entry) => !own.includes(entry))));
  });
});

describe('files of the web app', () => {
  it('carry each security header once, and are asked for again', async () => {
    const answer = await alone.client.get('/app/');
    expect(answer).toMatchObject({ status: 200, body: '<!doctype html><title>MC101</title>' });
    expectEachOnce(answer, {
      ...API_HEADERS,
      'cache-control': 'no-cache',
      'content-security-policy': expect.stringContaining(
        "default-src 'none';script-src 'self';",
      ) as unknown as string,
    });
    expect(answer.header('content-security-policy')).not.toContain('unsafe');
  });

  it('show the app at every address within it', async () => {
    expect(await alone.client.get('/app/notes/5?tab=1')).toMatchObject({
      status: 200,
      body: '<!doctype html><title>MC101</title>',
    });
    const outside = await alone.client.get('/app');
    expect(outside.status).toBe(308);
    expect(outside.header('location')).toBe('/app/');
    expectEachOnce(outside, { 'x-content-type-options': 'nosniff' });
  });

  it('that are named by their content are kept, and compressed for whom it helps', async () => {
    const answer = await alone.client.get('/app/assets/app-3f2a.js');
    expect(answer).toMatchObject({ status: 200, body: SCRIPT });
    expectEachOnce(answer, {
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    });
    const compressed = await alone.client.get('/app/assets/app-3f2a.js', {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(compressed.header('content-encoding')).toBe('gzip');
  });

  it('lie in their folder, and nothing outside of it can be read', async () => {
    for (const address of [
      '/app/../tls/self-signed.key',
      '/app/..%2ftls/self-signed.key',
      '/app/%2e%2e/run/nginx.conf',
    ])
      expect(JSON.stringify((await alone.client.get(address)).body)).not.toMatch(
        /PRIVATE KEY|worker_processes/,
      );
  });
});

it('nothing of a query, a fragment or a referrer is logged, whatever went wrong', async () => {
  const secret = 'lanterns-over-the-harbour';
  const query = `?password=${secret}`;
  const headers = { referer: `https://mc101.test/x${query}`, 'x-request-id': 'last-of-these' };
  await alone.client.get(`/app/assets/none.js${query}`, { headers: { referer: headers.referer } });
  await alone.client.post(`/users/vote${query}`, { padding: 'x'.repeat(64 * KIB) });
  await sendTls(alone.site, `GET /users${query} HTTP/1.1\r\nHost: mc101.test\r\nX-Text: a\0b\r\n\r\n`);
  await sendTls(alone.site, `GET /users${query} NONSENSE\r\n\r\n`);
  await sendTls(alone.site, `GET https://mc101.test/users${query} HTTP/1.1\r\nHost: mc101.test\r\n\r\n`);
  await sendTls(alone.site, `GET /users#${secret} HTTP/1.1\r\nHost: mc101.test\r\n\r\n`);
  await sendTls(alone.site, `GET /${'x'.repeat(9 * KIB)}${query} HTTP/1.1\r\nHost: mc101.test\r\n\r\n`);
  expect((await alone.client.get(`/users/notes/1${query}`, { headers })).status).toBe(502);
  expect(await alone.nginx.lineOf('last-of-these')).toMatchObject({
    method: 'GET',
    path: '/users/notes/1',
    status_code: 502,
    upstream_status: expect.stringMatching(/502$/),
  });
  expect(alone.nginx.log).not.toContain(secret);
});
