import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Deployment } from './deployment.js';
import { expectError } from './expect-headers.js';
import type { SiteAnswer } from './https-client.js';

const LIMIT = 30;

let site: Deployment;
beforeAll(async () => {
  site = await Deployment.start({ env: { RL_API_LIMIT: String(LIMIT), RL_SIGNUP_IP_LIMIT: '4' } });
});
afterAll(() => site.close());

const allowed = (answers: SiteAnswer[]) => answers.filter(({ status }) => status !== 429);
const all = (count: number, send: (n: number) => Promise<SiteAnswer>) =>
  Promise.all(Array.from({ length: count }, (_, n) => send(n)));

/** What each process says of Redis, asked past nginx. */
const redisChecks = () =>
  Promise.all(
    site.services.map(async ({ api }) => {
      const { body } = await api.get('/ready');
      return { whole: body.status as string, redis: body.checks.redis.status as string };
    }),
  );

async function until(redis: string): Promise<void> {
  while ((await redisChecks()).some((check) => check.redis !== redis)) await delay(50);
}

it('of a hundred requests at once from one address the three processes let in as many as the limit says, and no more', async () => {
  const client = site.clientAt('127.0.4.1');
  const answers = await all(100, (n) =>
    client.get('/', { headers: { 'x-forwarded-for': `198.51.100.${n}`, 'x-real-ip': `198.51.100.${n}` } }),
  );
  expect(allowed(answers)).toHaveLength(LIMIT);
  for (const refused of answers.filter(({ status }) => status === 429)) {
    expectError(refused, 429, 'RATE_LIMITED');
    expect(refused.header('ratelimit')).toMatch(/^"api";r=0;t=\d+$/);
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0);
  }
  // Each of the processes had its share, and none its own limit.
  for (const { stdout } of site.services) expect(stdout).toContain('"status_code":429');
  expect((await site.clientAt('127.0.4.2').get('/')).header('ratelimit')).toMatch(`r=${LIMIT - 1};`);
});

it('nobody uses up the limit of another by naming their address', async () => {
  const attacker = site.clientAt('127.0.4.3');
  await all(LIMIT + 10, () => attacker.get('/', { headers: { 'x-forwarded-for': '127.0.4.4' } }));
  expect((await attacker.get('/')).status).toBe(429);
  expect((await site.clientAt('127.0.4.4').get('/')).header('ratelimit')).toMatch(`r=${LIMIT - 1};`);
});

it('a user has one limit at every process and from every address, and is let in where the address is not', async () => {
  const [voter] = await site.makeVoters(1);
  const office = site.clientAt('127.0.4.5');
  await all(LIMIT, () => office.get('/'));
  expect((await office.get('/')).status).toBe(429);
  const answers = await all(LIMIT + 20, (n) =>
    (n % 2 ? office : site.clientAt('127.0.4.6')).as(voter!).get('/users/info'),
  );
  expect(allowed(answers)).toHaveLength(LIMIT);
});

it('twelve registrations at once from one address make as many accounts as the limit says', async () => {
  const client = site.clientAt('127.0.4.7');
  const answers = await all(12, (n) =>
    client.post('/users/register', {
      name: 'Ada',
      email: `ada-${n}@example.org`,
      password: `a curious otter sings at dawn ${n}`,
    }),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([
    ...Array.from({ length: 4 }, () => 201),
    ...Array.from({ length: 8 }, () => 429),
  ]);
});

it('without Redis the service goes on with limits of each process, says so, and shares them again afterwards', async () => {
  expect(await redisChecks()).toEqual(site.services.map(() => ({ whole: 'ok', redis: 'ok' })));
  const client = site.clientAt('127.0.4.8');
  await site.redis.stop('SIGKILL');
  const answers = await all(3 * LIMIT + 30, () => client.get('/'));
  const [answered, letIn] = [answers.map(({ status }) => status), allowed(answers).length];
  expect(answered.every((status) => status === 200 || status === 429)).toBe(true);
  expect(letIn).toBeGreaterThan(LIMIT);
  expect(letIn).toBeLessThanOrEqual(3 * LIMIT);
  await until('degraded');
  expect(await redisChecks()).toEqual(site.services.map(() => ({ whole: 'degraded', redis: 'degraded' })));
  expect(site.appLog).toContain('each process counts by itself');

  site.redis = await site.redis.startAgain();
  await until('ok');
  const again = await all(100, () => site.clientAt('127.0.4.9').get('/'));
  expect(allowed(again)).toHaveLength(LIMIT);
});
