import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ADMIN, Deployment } from './deployment.js';
import { API_HEADERS, DOCS_HEADERS, expectEachOnce, expectError } from './expect-headers.js';
import type { HttpsClient, SiteAnswer } from './https-client.js';
import { SERVER_NAME } from './nginx.js';

const KIB = 1024;
const NOTE_BODY = 7 * KIB * KIB;

let site: Deployment;
let client: HttpsClient;
let admin: HttpsClient;

beforeAll(async () => {
  site = await Deployment.start();
  client = site.clientAt('127.0.0.1');
  admin = client.as({ token: await site.services[0]!.logIn(ADMIN.email, ADMIN.password) });
});
afterAll(() => site.close());

it('the Redis that the processes are to share answers', async () => {
  expect(await site.redis.ping()).toBe('+PONG');
});

it('a request id goes through nginx to the app, into both logs and back', async () => {
  const answer = await client.get('/v1/health?x=1', { headers: { 'x-request-id': 'a-client.made_1' } });
  expect(answer.status).toBe(200);
  expect(answer.header('x-request-id')).toBe('a-client.made_1');
  const line = { method: 'GET', path: '/v1/health', status_code: 200 };
  expect(await site.nginx.lineOf('a-client.made_1')).toMatchObject({ ...line, client_ip: '127.0.0.1' });
  expect(await site.appLineOf('a-client.made_1')).toMatchObject(line);
});

it.each(['not fit to be one', 'x'.repeat(129), ''])(
  'a request id that cannot be one is replaced by the same new one everywhere: "%s"',
  async (given) => {
    const { headerLines } = await client.get('/health', { headers: { 'x-request-id': given } });
    const ids = headerLines.filter(([name]) => name.toLowerCase() === 'x-request-id');
    expect(ids).toEqual([[expect.anything(), expect.stringMatching(/^[0-9a-f]{32}$/)]]);
    const id = ids[0]![1];
    expect(await site.nginx.lineOf(id)).toMatchObject({ path: '/health' });
    expect(await site.appLineOf(id)).toMatchObject({ path: '/health' });
  },
);

it.each([
  ['GET', '/', 200],
  ['GET', '/health', 200],
  ['HEAD', '/health', 200],
  ['GET', '/users/info', 401],
  ['GET', '/nowhere', 404],
  ['POST', '/users/register', 422],
  ['PUT', '/health', 404],
])("the app's answers carry each security header once: %s %s", async (method, path, status) => {
  const answer = await client.request(method, path);
  expect(answer.status).toBe(status);
  expectEachOnce(answer, API_HEADERS);
});

it('the documentation keeps the headers that let it work', async () => {
  const answer = await client.get('/mc101docs');
  expect(answer.status).toBe(200);
  expectEachOnce(answer, DOCS_HEADERS);
});

it('who a client says it is for somebody else reaches neither sessions nor log', async () => {
  const spoofed = {
    'x-forwarded-for': '203.0.113.66',
    forwarded: 'for=203.0.113.66;proto=http;host=evil.example',
    'x-real-ip': '203.0.113.66',
    'true-client-ip': '203.0.113.66',
    'cf-connecting-ip': '203.0.113.66',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'evil.example',
    'x-request-id': 'spoofed',
  };
  const answer = await site
    .clientAt('127.0.0.77')
    .post('/users/login', { email: ADMIN.email, password: ADMIN.password }, { headers: spoofed });
  expect(answer.status).toBe(200);
  // Had the app believed in plain HTTP, nothing of it would be pinned to TLS.
  expectEachOnce(answer, API_HEADERS);
  const { rows } = await site.sql.query<{ ip: string }>(
    'SELECT host(ip) AS ip FROM sessions ORDER BY created_at DESC LIMIT 1',
  );
  expect(rows).toEqual([{ ip: '127.0.0.77' }]);
  expect(await site.nginx.lineOf('spoofed')).toMatchObject({ client_ip: '127.0.0.77', host: 'mc101.test' });
  expect(site.nginx.log + site.appLog).not.toContain('203.0.113.66');
});

it('logging out at one process ends the session at the others at once', async () => {
  const token = await site.services[0]!.logIn(ADMIN.email, ADMIN.password);
  const statuses = () =>
    Promise.all(site.services.map(async ({ api }) => (await api.as({ token }).get('/users/info')).status));
  expect(await statuses()).toEqual([200, 200, 200]);
  expect((await site.services[1]!.api.as({ token }).post('/users/logout')).status).toBe(200);
  expect(await statuses()).toEqual([401, 401, 401]);
  expect((await client.as({ token }).get('/users/info')).status).toBe(401);
});

it('a browser keeps its session through nginx, whichever process answers, and a page elsewhere does not get in', async () => {
  const page = { origin: `https://${SERVER_NAME}`, 'sec-fetch-site': 'same-origin' };
  const credentials = { email: ADMIN.email, password: ADMIN.password };
  const cookiesOf = ({ headerLines }: SiteAnswer) =>
    headerLines.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
  const foreign = await client.post('/auth/web/login', credentials, {
    headers: { origin: 'https://evil.test' },
  });
  expectError(foreign, 403, 'CSRF_FAILED');

  let answer = await client.post('/auth/web/login', credentials, { headers: page });
  for (let round = 0; round < 6; round++) {
    expect(answer.status).toBe(200);
    expect(cookiesOf(answer).filter((line) => !line.startsWith('__Host-device'))).toEqual([
      expect.stringMatching(
        /^__Host-refresh=[^;]{80}; Max-Age=\d+; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
      ),
      expect.stringMatching(/^__Host-csrf=[^;]{64}; Max-Age=\d+; Path=\/; Secure; SameSite=Strict$/),
    ]);
    const cookie = cookiesOf(answer)
      .map((line) => line.split(';')[0]!)
      .join('; ');
    const csrf = answer.body.csrf_token as string;
    const headers = { ...page, cookie, 'x-csrf-token': csrf, 'x-request-id': `browser-${round}` };
    answer = await client.post(`/auth/web/${round < 5 ? 'refresh' : 'logout'}`, undefined, { headers });
  }
  expect(answer).toMatchObject({ status: 200, body: { message: expect.any(String) } });
  await site.appLineOf('browser-5');
  expect(site.nginx.log + site.appLog).not.toContain('__Host-');
});

it('a note password in an address stands in no log', async () => {
  const password = 'lanterns over the harbour';
  const made = await admin.post('/users/notes', {
    ...{ title: 'A secret', content: 'Under the bridge', personal_encryption: true, password },
  });
  expect(made.status).toBe(201);
  const address = `/users/notes/${made.body.id as number}?password=${encodeURIComponent(password)}`;
  const headers = { 'x-request-id': 'opened', referer: `https://mc101.test${address}` };
  const opened = await admin.get(address, { headers });
  expect(opened).toMatchObject({ status: 200, body: { content: 'Under the bridge' } });
  expect(await site.nginx.lineOf('opened')).toMatchObject({ path: address.slice(0, address.indexOf('?')) });
  await site.appLineOf('opened');
  expect(site.nginx.log + site.appLog).not.toContain('lanterns');
});

it.each([
  ['/users/login', 64 * KIB, 422],
  ['/v1/users/login/', 64 * KIB + 1, 413],
  ['/users/notes', NOTE_BODY, 413],
  ['/v1/users/notes', NOTE_BODY + 1, 413],
  ['/users/notes/1/open', 64 * KIB + 1, 422],
])('a body to %s of %i bytes is answered as the app answers it: %i', async (path, size, status) => {
  const [before, after] = ['{"title":"t","content":"', '"}'];
  const rawBody = before + 'x'.repeat(size - before.length - after.length) + after;
  const token = await site.services[0]!.logIn(ADMIN.email, ADMIN.password);
  const headers = { 'content-type': 'application/json' };
  const direct = await site.services[0]!.api.as({ token }).request('POST', path, undefined, {
    rawBody,
    headers,
  });
  const answer = await client.as({ token }).post(path, undefined, { rawBody });
  expect({ direct: direct.status, throughNginx: answer.status }).toEqual({
    direct: status,
    throughNginx: status,
  });
  expect(answer.body.error.code).toBe(direct.body.error.code);
  if (size === 64 * KIB + 1 && status === 413) {
    expectError(answer, 413, 'PAYLOAD_TOO_LARGE');
    expect(answer.body.error.message).toBe(direct.body.error.message);
  }
});

it('a note of 1 MiB passes there and back', async () => {
  const content = 'é'.repeat((KIB * KIB) / 2);
  const made = await admin.post('/users/notes', { title: 'Long', content });
  expect(made.status).toBe(201);
  const read = await admin.get(`/users/notes/${made.body.id as number}`);
  expect(read.body.content).toBe(content);
});
