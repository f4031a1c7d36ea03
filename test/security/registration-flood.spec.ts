import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { BoundedPool } from '../../src/common/bounded-pool.js';
import type { Actor } from '../support/api-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

/** As long as a password may be, and as slow to estimate as one can be. */
const SLOW_TO_ESTIMATE = 'aA1!'.repeat(32);
const CROWD = 60;

let server: TestServer;
let person: Actor;

beforeAll(async () => {
  server = await startTestServer({ env: { CPU_POOL_SIZE: '1', CPU_QUEUE_LIMIT: '32' } });
  person = await server.signUp();
});
afterAll(() => server.close());

const register = (n: number, password: string) =>
  server.api.post('/users/register', { name: 'Mallory', email: `mallory-${n}@example.com`, password });
const logIn = () => server.api.post('/users/login', { email: person.email, password: person.password });

it('passwords that are slow to estimate hold up other registrations, and no login', async () => {
  const pool = server.app.get(BoundedPool);
  let refused = 0;
  let answered = 0;
  const flood = Array.from({ length: CROWD }, async (_, n) => {
    const { status } = await register(n, SLOW_TO_ESTIMATE);
    answered += 1;
    if (status === 503) refused += 1;
    return status;
  });
  // What fits into the queue of the estimates waits, all others are told at once.
  while (refused < CROWD - 12) await new Promise((resolve) => setImmediate(resolve));
  expect(pool.queued).toBe(0);
  for (let n = 0; n < 5; n += 1) expect((await logIn()).status).toBe(200);
  expect(answered).toBeLessThan(CROWD);
  const statuses = await Promise.all(flood);
  expect(new Set(statuses)).toEqual(new Set([422, 503]));
}, 60_000);

it('registrations take at most half of the places in which logins wait', async () => {
  const pool = server.app.get(BoundedPool);
  let finish: () => void = () => undefined;
  const jobs: Promise<unknown>[] = [pool.run(() => new Promise<void>((resolve) => (finish = resolve)))];
  for (let n = 0; n < 16; n += 1) jobs.push(pool.run(() => Promise.resolve()));
  const { status, body } = await register(CROWD, 'seven lanterns over a quiet harbour');
  expect([status, body.error.code]).toEqual([503, 'BUSY']);
  const login = logIn();
  while (pool.queued < 17) await new Promise((resolve) => setImmediate(resolve));
  finish();
  expect((await login).status).toBe(200);
  await Promise.all(jobs);
  expect((await register(CROWD, 'seven lanterns over a quiet harbour')).status).toBe(201);
});
