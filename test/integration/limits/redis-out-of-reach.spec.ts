import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { freePort } from '../../support/service-process.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const LIMIT = 3;

let server: TestServer | undefined;
let silent: Server | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  await server?.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  silent?.close();
  server = silent = undefined;
});

/** Takes connections and never says a word. */
async function startSilentServer(): Promise<number> {
  silent = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => silent!.listen(0, '127.0.0.1', resolve));
  return (silent.address() as AddressInfo).port;
}

it.each([
  ['does not run', freePort, 'false', 200, 'degraded'],
  ['does not run, but is required,', freePort, 'true', 503, 'down'],
  ['never answers', startSilentServer, 'false', 200, 'degraded'],
])(
  'where Redis %s the service starts, limits by itself, and says so',
  async (_how, port, required, status, state) => {
    server = await startTestServer({
      env: {
        REDIS_URL: `redis://someone:very-secret@127.0.0.1:${await port()}`,
        REDIS_REQUIRED: required,
        RL_API_LIMIT: String(LIMIT),
      },
    });
    const ready = await server.api.get('/ready');
    expect(ready.status).toBe(status);
    expect(ready.body).toMatchObject({
      status: state,
      checks: { redis: { status: state, detail: expect.stringContaining('REDIS_URL') } },
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => server!.api.get('/')));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(LIMIT);
    expect(JSON.stringify(ready.body) + server.log()).not.toContain('very-secret');
  },
);

it('without REDIS_URL there is no Redis to speak of', async () => {
  server = await startTestServer();
  expect((await server.api.get('/ready')).body.checks.redis).toMatchObject({ status: 'off' });
});
