import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDocument } from '../../../src/openapi/swagger.setup.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { rawRequest, sendRaw } from '../../support/raw-http.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let admin: Actor;
/** Method and path of every route, with an id that nothing has. */
const routes: { method: string; path: string }[] = [];

beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signUpAdmin();
  const { paths } = await createDocument(server.app);
  for (const [path, item] of Object.entries(paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      if (item[method]) {
        routes.push({ method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, '987654321') });
      }
    }
  }
});
afterAll(() => server.close());

/** An answer without what differs from request to request. */
function essence({ status, body }: Answer): unknown {
  const code = body?.error?.code as string | undefined;
  return { status, code, details: body?.error?.details as unknown };
}

const ERROR = {
  error: {
    code: expect.stringMatching(/^[A-Z_]+$/),
    message: expect.stringMatching(/^[A-Z].*\.$/),
    details: expect.any(Object),
    request_id: expect.stringMatching(/^[A-Za-z0-9._-]+$/),
  },
};

/** What has one address, as it is no part of the API. */
const UNVERSIONED = ['/', '/dev/mail'];

describe('every route', () => {
  it('is found with and without a version and a trailing slash, and answers the same', async () => {
    expect(routes.length).toBeGreaterThan(20);
    for (const { method, path } of routes.filter((route) => !UNVERSIONED.includes(route.path))) {
      // Without a body and with nobody's token: enough to tell the right route from none.
      const expected = essence(await server.api.request(method, path));
      expect(expected).not.toMatchObject({ code: 'NOT_FOUND' });
      const bare = path.replace(/\/$/, '');
      for (const spelling of [bare, `${bare}/`, `/v1${bare}`, `/v1${bare}/`]) {
        const answer = await server.api.request(method, spelling);
        expect({ method, spelling, ...(essence(answer) as object) }).toEqual({
          method,
          spelling,
          ...(expected as object),
        });
      }
    }
  });

  it('that reads answers the same to an admin under every spelling', async () => {
    for (const { method, path } of routes) {
      if (method !== 'GET' || path === '/ready' || UNVERSIONED.includes(path)) continue;
      const first = await server.as(admin).get(path);
      // One after the other: of some there is one at a time for each account.
      for (const spelling of [`${path}/`, `/v1${path}`, `/v1${path}/`])
        expect(essence(await server.as(admin).get(spelling))).toEqual(essence(first));
      // The start of a social login says what its query lacks.
      expect(path.endsWith('/start') ? [422] : [200, 404]).toContain(first.status);
    }
  });

  it('has no second address', async () => {
    for (const path of [
      '/V1/health',
      '/v2/health',
      '/v1/v1/health',
      '/Health',
      '//health',
      '/health//',
      '/v1',
      '/v1/mc101docs',
    ]) {
      const answer = await server.api.get(path);
      expect({ path, ...(essence(answer) as object) }).toMatchObject({
        path,
        status: 404,
        code: 'NOT_FOUND',
      });
      expect(answer.body).toEqual(ERROR);
    }
  });
});

describe('GET /', () => {
  it('says what this is to a program, and leads a browser on', async () => {
    const { body } = await server.api.get('/');
    expect(body).toEqual({
      message: expect.any(String),
      name: 'MC101',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      docs: '/mc101docs',
      health: '/health',
    });
    expect((await server.api.get(body.docs as string)).status).toBe(200);
    expect((await server.api.get(body.health as string)).status).toBe(200);
    const browser = await server.api.get('/', { headers: { accept: 'text/html,application/xhtml+xml' } });
    expect(browser.status).toBe(302);
    expect(browser.headers.get('location')).toMatch(/^\/\w+/);
  });
});

describe('GET /health and /ready', () => {
  it('say that the service is alive and that every part is', async () => {
    const health = await server.api.get('/health');
    expect({ status: health.status, body: health.body }).toEqual({
      status: 200,
      body: { status: 'ok', message: expect.any(String) },
    });
    const ready = await server.api.get('/ready');
    const since = expect.stringMatching(/^\d{4}-.*Z$/);
    expect({ status: ready.status, body: ready.body }).toEqual({
      status: 200,
      body: {
        status: 'ok',
        checks: {
          database: { status: 'ok', since },
          redis: { status: 'off', since },
          mail: { status: 'ok', since },
          backup: { status: 'off', since },
          migrations: { status: 'ok', since },
          keys: { status: 'ok', since, detail: expect.stringContaining('keys:export') },
        },
      },
    });
  });
});

describe('what no route answers', () => {
  const json = { 'content-type': 'application/json' };
  const post = (rawBody: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
    server.api.post('/users/login', undefined, { rawBody, headers });

  it.each([
    ['an address that does not exist', 'GET', '/nowhere', 404, 'NOT_FOUND'],
    ['a method that is not there', 'PUT', '/users/info', 404, 'NOT_FOUND'],
    ['a method that is not there', 'DELETE', '/health', 404, 'NOT_FOUND'],
    ['a bare OPTIONS', 'OPTIONS', '/users/info', 404, 'NOT_FOUND'],
    ['a broken escape', 'GET', '/%zz', 400, 'MALFORMED_REQUEST'],
    ['a broken escape below a route', 'GET', '/admin/users/%zz', 400, 'MALFORMED_REQUEST'],
    ['half a character', 'GET', '/users/notes/%c3', 400, 'MALFORMED_REQUEST'],
    ['an id as long as a book', 'GET', `/admin/users/${'9'.repeat(257)}`, 414, 'URI_TOO_LONG'],
  ])('has the one error shape: %s (%s %s)', async (_, method, path, status, code) => {
    const answer = await server.api.request(method, path);
    expect(essence(answer)).toEqual({ status, code, details: {} });
    expect(answer.body).toEqual(ERROR);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('x-request-id')).toBe(answer.body.error.request_id);
  });

  const HOST = 'Host: localhost';
  const POST = 'POST /users/login HTTP/1.1';
  it.each([
    ['no HTTP', 'nonsense\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    ['a method nobody knows', rawRequest('BREW /health HTTP/1.1'), 400, 'MALFORMED_REQUEST'],
    ['a blank in the address', rawRequest('GET /a b HTTP/1.1'), 400, 'MALFORMED_REQUEST'],
    ['no Host', rawRequest('GET /health HTTP/1.1', []), 400, 'MALFORMED_REQUEST'],
    ['a NUL in a header', rawRequest('GET /health HTTP/1.1', [HOST, 'X-A: b\0c']), 400, 'MALFORMED_REQUEST'],
    [
      'a header past the limit',
      rawRequest('GET /health HTTP/1.1', [HOST, `X-A: ${'a'.repeat(20_000)}`]),
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['a length that is none', rawRequest(POST, [HOST, 'Content-Length: x']), 400, 'MALFORMED_REQUEST'],
    [
      'two lengths',
      rawRequest(POST, [HOST, 'Content-Length: 2', 'Content-Length: 3'], '{}'),
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'a length and chunks',
      rawRequest(POST, [HOST, 'Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      400,
      'MALFORMED_REQUEST',
    ],
    ['TRACE', rawRequest('TRACE /health HTTP/1.1'), 404, 'NOT_FOUND'],
    ['a whole URL of nothing', rawRequest('GET http://localhost/nowhere HTTP/1.1'), 404, 'NOT_FOUND'],
    ['OPTIONS *', rawRequest('OPTIONS * HTTP/1.1'), 404, 'NOT_FOUND'],
    ['GET *', rawRequest('GET * HTTP/1.1'), 404, 'NOT_FOUND'],
    ['POST *', rawRequest('POST * HTTP/1.1'), 404, 'NOT_FOUND'],
  ])('has the one error shape on the wire: %s', async (_, request, status, code) => {
    const answer = await sendRaw(server.url, request);
    expect(answer?.status).toBe(status);
    expect(answer?.headers['content-type']).toBe('application/json; charset=utf-8');
    const body = JSON.parse(answer!.body) as { error: { code: string; request_id: string } };
    expect(body).toEqual(ERROR);
    expect(body.error.code).toBe(code);
    expect(answer?.headers['x-request-id']).toBe(body.error.request_id);
  });

  it('passes over an expectation that it does not know', async () => {
    const answer = await sendRaw(server.url, rawRequest('GET /health HTTP/1.1', [HOST, 'Expect: miracles']));
    expect(answer?.status).toBe(200);
  });

  it.each([
    ['half an object', '{"email":'],
    ['a comma too many', '{"email":"a@example.com",}'],
    ['a list', '[]'],
    ['a list of objects', '[{"email":"a@example.com","password":"x"}]'],
    ['null', 'null'],
    ['a number', '7'],
    ['a string', '"{}"'],
    ['true', 'true'],
    ['a key twice', '{"email":"a@example.com","password":"x","password":"y"}'],
    ['a key twice, once escaped', '{"email":"a@example.com","password":"x","p\\u0061ssword":"y"}'],
    ['a key twice below', '{"email":{"a":1,"a":2},"password":"x"}'],
    ['__proto__', '{"__proto__":{"role":"admin"},"email":"a@example.com","password":"x"}'],
    ['constructor', '{"constructor":{"prototype":{}},"email":"a@example.com","password":"x"}'],
    ['an abyss', `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`],
    ['an abyss of lists', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
  ])('a body that is no acceptable JSON object is a 400: %s', async (_, body) => {
    const answer = await post(body);
    expect(essence(answer)).toEqual({ status: 400, code: 'MALFORMED_JSON', details: {} });
    expect(answer.body).toEqual(ERROR);
  });

  it('a body that is not UTF-8 is a 400', async () => {
    const bytes = Uint8Array.from([
      ...Buffer.from('{"email":"a@example.com","password":"'),
      0xff,
      0x22,
      0x7d,
    ]);
    expect(essence(await post(bytes))).toMatchObject({ status: 400, code: 'MALFORMED_JSON' });
  });

  it('a body may have 64 KiB, and not one byte more', async () => {
    const frame = JSON.stringify({ email: 'a@example.com', password: '' }).length;
    const sized = (bytes: number) =>
      post(JSON.stringify({ email: 'a@example.com', password: 'x'.repeat(bytes - frame) }));
    expect((await sized(64 * 1024)).status).toBe(422);
    const past = await sized(64 * 1024 + 1);
    expect(essence(past)).toEqual({ status: 413, code: 'PAYLOAD_TOO_LARGE', details: {} });
    expect(past.body).toEqual(ERROR);
  });

  it.each([
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/json',
    'application/octet-stream',
    ';;',
  ])('a body of another type is a 415: %s', async (type) => {
    const answer = await post('{"email":"a@example.com","password":"x"}', { 'content-type': type });
    expect(essence(answer)).toEqual({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', details: {} });
    expect(answer.body).toEqual(ERROR);
  });

  it('a body without a type is a 415', async () => {
    const request = rawRequest(POST, [HOST, 'Content-Length: 2'], '{}');
    expect((await sendRaw(server.url, request))?.status).toBe(415);
  });

  it('a form is for the login alone; it cannot carry what JSON types say elsewhere', async () => {
    const answer = await server.as(admin).patch(`/admin/users/${admin.id}`, undefined, {
      rawBody: 'is_active=false',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([415, 422]).toContain(answer.status);
  });
});
