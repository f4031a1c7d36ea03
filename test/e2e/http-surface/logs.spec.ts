import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawRequest, sendRaw } from '../../support/raw-http.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

interface Line {
  timestamp: string;
  level: string;
  request_id: string;
  method: string;
  path: string;
  status_code: number;
  latency_ms: number;
  user_id: number | null;
  message: string;
}

const lines = () =>
  server
    .log()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

/** The lines of one request; its answer may be here before its line is. */
async function linesOf(requestId: string): Promise<Line[]> {
  for (;;) {
    const found = lines().filter((line) => line.request_id === requestId);
    if (found.some(({ message }) => message === 'request')) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the log', () => {
  it('has one line a request, with exactly what an operator asks for', async () => {
    const alice = await server.signUp();
    const headers = { 'x-request-id': 'the-one' };
    await server.as(alice).get('/users/info?token=secret-in-query', { headers });
    const [line, ...others] = await linesOf('the-one');
    expect(others).toEqual([]);
    expect(line).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'info',
      request_id: 'the-one',
      method: 'GET',
      path: '/users/info',
      status_code: 200,
      latency_ms: expect.any(Number),
      user_id: alice.id,
      message: 'request',
    });
    expect(line!.latency_ms).toBeGreaterThan(0);
  });

  it.each([
    ['GET', '/nowhere?password=secret-in-query', '/nowhere', 404],
    ['GET', '/%zz?password=secret-in-query', '/%zz', 400],
    ['GET', '/users/notes/1?password=secret-in-query', '/users/notes/1', 401],
    ['GET', '/health?a=1?password=secret-in-query', '/health', 200],
    ['OPTIONS', '/health?password=secret-in-query', '/health', 404],
  ])(
    'has a line for what no route answers too, never with its query: %s %s',
    async (method, target, path, status) => {
      const id = `q-${method}-${status}-${path.length}`;
      await server.api.request(method, target, undefined, { headers: { 'x-request-id': id } });
      expect(await linesOf(id)).toEqual([
        expect.objectContaining({ method, path, status_code: status, user_id: null }),
      ]);
      expect(server.log()).not.toContain('secret-in-query');
    },
  );

  it('shows of a whole URL the path alone', async () => {
    const target = 'http://user:secret-in-url@localhost/health?password=secret-in-query';
    const headers = ['Host: localhost', 'X-Request-ID: absolute'];
    await sendRaw(server.url, rawRequest(`GET ${target} HTTP/1.1`, headers));
    expect(await linesOf('absolute')).toEqual([expect.objectContaining({ path: '/health' })]);
    expect(server.log()).not.toContain('secret-in-url');
  });

  it('cannot be forged through what a client sends', async () => {
    const before = lines().length;
    const answer = await server.api.get('/%22%7D%0A%7B%22level%22:%22forged%22', {
      headers: { 'user-agent': '"}{"level":"forged"' },
    });
    await linesOf(answer.headers.get('x-request-id')!);
    expect(lines()).toHaveLength(before + 1);
    expect(lines().map(({ level }) => level)).not.toContain('forged');
  });

  it('holds no password, token or body of what went by', async () => {
    const alice = await server.signUp({ password: 'an unspeakable otter password' });
    await server.as(alice).post('/users/change-password', {
      current_password: alice.password,
      new_password: 'another unspeakable heron password',
    });
    const login = { email: alice.email, password: 'a wrong unspeakable password' };
    const answer = await server.api.post('/users/login', login);
    await server.api.post('/users/login', { ...login, password: ['unspeakable list'] });
    await server.api.post('/users/login', undefined, {
      rawBody: '{"password": "unspeakable broken',
      headers: { 'content-type': 'application/json' },
    });
    await linesOf(answer.headers.get('x-request-id')!);
    const log = server.log();
    for (const secret of ['unspeakable', alice.token, alice.token.split('.')[2]!, alice.email, 'argon2']) {
      expect(log).not.toContain(secret);
    }
  });
});
