import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { BoundedPool } from '../../../src/common/bounded-pool.js';
import { Clock } from '../../../src/common/clock.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let alice: Actor;

beforeAll(async () => {
  server = await startTestServer({ env: { CPU_POOL_SIZE: '1', CPU_QUEUE_LIMIT: '1' } });
  alice = await server.signUp();
});
afterAll(() => server.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const logIn = () => server.api.post('/users/login', { email: alice.email, password: alice.password });
const codeOf = ({ status, body }: Answer) => ({ status, code: body?.error?.code as string | undefined });

it('more logins than can be computed are refused at once, and nothing else suffers', async () => {
  const pool = server.app.get(BoundedPool);
  let finish: () => void = () => undefined;
  const occupied = pool.run(() => new Promise<void>((resolve) => (finish = resolve)));
  const waiting = logIn();
  while (pool.queued < 1) await new Promise((resolve) => setImmediate(resolve));
  const refused = [
    await logIn(),
    await server.api.post('/users/login', { email: 'nobody@example.com', password: 'x' }),
  ];
  for (const answer of refused) {
    expect(codeOf(answer)).toEqual({ status: 503, code: 'BUSY' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }
  expect((await server.as(alice).get('/users/info')).status).toBe(200);
  finish();
  await occupied;
  expect((await waiting).status).toBe(200);
  expect((await logIn()).status).toBe(200);
});

describe('a database that goes away while the service runs', () => {
  const superuser = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: server.database.superuserUrl });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  const { endAll, allow } = {
    endAll: () =>
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${server.database.name}'`,
    allow: (yes: boolean) => `ALTER DATABASE ${server.database.name} ALLOW_CONNECTIONS ${yes}`,
  };
  /** /ready keeps its answer for a second. */
  const laterReady = async () => {
    const clock = server.app.get(Clock);
    jest.spyOn(clock, 'now').mockReturnValue(new Date(clock.now().getTime() + 2_000));
    return server.api.get('/ready');
  };

  it('is a 503 in the error shape, /ready is down, and all is well again when it is back', async () => {
    const { since } = (await server.api.get('/ready')).body.checks.database as { since: string };
    await superuser(allow(false), endAll());
    try {
      for (let round = 0; round < 3; round++) {
        const answers = [
          await server.as(alice).get('/users/info'),
          await server.as(alice).post('/users/logout'),
          await logIn(),
          await server.api.post('/users/register', {
            name: 'Late',
            email: 'late@example.com',
            password: 'seven lanterns over a quiet harbour',
          }),
        ];
        for (const answer of answers) {
          expect(codeOf(answer)).toEqual({ status: 503, code: 'DATABASE_UNAVAILABLE' });
          expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
          expect(JSON.stringify(answer.body)).not.toMatch(/postgres|mc101_app|test_|pg_/i);
        }
      }
      expect((await server.api.get('/health')).status).toBe(200);
      const ready = await laterReady();
      expect(ready.status).toBe(503);
      expect(ready.headers.get('retry-after')).toBe('2');
      expect(ready.body).toMatchObject({
        status: 'down',
        checks: {
          database: { status: 'down', detail: expect.any(String) },
          migrations: { status: 'unavailable' },
          keys: { status: 'unavailable' },
        },
      });
      expect(Date.parse(ready.body.checks.database.since as string)).toBeGreaterThan(Date.parse(since));
    } finally {
      await superuser(allow(true));
    }
    expect((await server.as(alice).get('/users/info')).status).toBe(200);
    expect((await logIn()).status).toBe(200);
    const ready = await laterReady();
    expect({ status: ready.status, says: ready.body.status as string }).toEqual({ status: 200, says: 'ok' });
  });

  it('for a moment costs a request at most, whatever it was doing', async () => {
    for (let round = 0; round < 10; round++) {
      const requests = Array.from({ length: 10 }, () => server.as(alice).get('/users/info'));
      await superuser(endAll());
      for (const answer of await Promise.all(requests)) {
        expect([{ status: 200 }, { status: 503, code: 'DATABASE_UNAVAILABLE' }]).toContainEqual(
          codeOf(answer),
        );
      }
    }
    // The pool may still hold connections of the last round, each of which costs one more request.
    while ((await server.as(alice).get('/users/info')).status !== 200);
  });

  it('is logged once a request, without what the requests carried', () => {
    const warnings = server
      .log()
      .split('\n')
      .filter((line) => line.includes('the database cannot be reached'));
    expect(warnings.length).toBeGreaterThanOrEqual(12);
    expect(warnings.join('\n')).not.toContain(alice.email);
    expect(server.log()).not.toContain('"message":"a request failed"');
  });
});
