import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Actor } from '../support/api-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const MEBIBYTE = 1024 * 1024;

let server: TestServer;
let alice: Actor;
beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
});
afterAll(() => server.close());

const note = (size: number) => ({ title: 'Large', content: 'x'.repeat(size) });

it('a large body is refused before it is read when nobody has signed its token', async () => {
  for (const api of [server.api, server.as({ token: `${alice.token}x` })]) {
    const answer = await api.post('/users/notes', undefined, {
      headers: { 'content-type': 'application/json' },
      // Not JSON: whoever parsed it would say so.
      rawBody: 'x'.repeat(100_000),
    });
    expect(answer.status).toBe(401);
    expect(answer.body.error.code).toBe('UNAUTHENTICATED');
  }
});

it('the largest note is taken from its owner, and one byte more is not', async () => {
  const stored = await server.as(alice).post('/users/notes', note(MEBIBYTE));
  expect(stored.status).toBe(201);
  expect((await server.as(alice).get(`/users/notes/${stored.body.id}`)).body.content).toHaveLength(MEBIBYTE);

  const refused = await server.as(alice).post('/users/notes', note(MEBIBYTE + 1));
  expect(refused.status).toBe(413);
  expect(refused.body.error.code).toBe('PAYLOAD_TOO_LARGE');
});

it.each(['/users/register', '/users/notes', '/users/vote', '/nowhere'])(
  'a client that sends 9 MB to %s reads why that was too much',
  async (path) => {
    for (let round = 0; round < 3; round++) {
      const answer = await server.as(alice).post(path, { title: 'a'.repeat(9_000_000) });
      expect({ status: answer.status, code: answer.body.error.code }).toEqual({
        status: 413,
        code: 'PAYLOAD_TOO_LARGE',
      });
    }
  },
);

it('a token whose session has ended opens no door for large bodies', async () => {
  const bob = await server.signUp();
  await server.as(bob).post('/users/logout');
  expect((await server.as(bob).post('/users/notes', note(MEBIBYTE))).status).toBe(401);
});
