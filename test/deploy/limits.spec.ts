import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Deployment } from './deployment.js';
import { expectError } from './expect-headers.js';
import type { SiteAnswer } from './https-client.js';

const RATE_PER_SECOND = 5;
const BURST = 20;
const LOGINS_PER_SECOND = 1;
const LOGIN_BURST = 15;

let site: Deployment;

beforeAll(async () => {
  // Empty: as shipped.
  const shipped = {
    NGINX_RATE_PER_SECOND: '',
    NGINX_BURST: '',
    NGINX_LOGIN_RATE_PER_MINUTE: '',
    NGINX_LOGIN_BURST: '',
  };
  site = await Deployment.start({ nginx: shipped });
  await mkdir(path.join(site.folder, 'web', 'assets'), { recursive: true });
  await writeFile(path.join(site.folder, 'web', 'index.html'), '<!doctype html><title>MC101</title>');
});
afterAll(() => site.close());

const isRefused = ({ status }: SiteAnswer) => status === 429;

/** Sends as many at once and says what came back, and how many more may have been let in meanwhile. */
async function burst(size: number, send: (n: number) => Promise<SiteAnswer>) {
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: size }, (_, n) => send(n)));
  const seconds = (performance.now() - began) / 1000;
  return { answers, passed: answers.filter((answer) => !isRefused(answer)), seconds };
}

it('of a burst as many pass as the limit allows, and the others are told when to come again', async () => {
  const client = site.clientAt('127.0.1.1');
  const { answers, passed, seconds } = await burst(60, () => client.get('/health'));
  expect(passed.length).toBeGreaterThanOrEqual(BURST + 1);
  expect(passed.length).toBeLessThanOrEqual(BURST + 1 + Math.ceil(seconds * RATE_PER_SECOND));
  expect(passed.every(({ status }) => status === 200)).toBe(true);
  expect(answers.some(isRefused)).toBe(true);
  for (const refused of answers.filter(isRefused)) {
    expectError(refused, 429, 'RATE_LIMITED');
    expect(refused.header('retry-after')).toBe('1');
  }
  // Nobody else has to wait for it.
  expect((await site.clientAt('127.0.1.2').get('/health')).status).toBe(200);
});

it('another X-Forwarded-For with each request is still the same client', async () => {
  const client = site.clientAt('127.0.1.3');
  const { passed, seconds } = await burst(60, (n) =>
    client.get('/health', {
      headers: {
        'x-forwarded-for': `198.51.100.${n}`,
        forwarded: `for=198.51.100.${n}`,
        'x-real-ip': `198.51.100.${n}`,
      },
    }),
  );
  expect(passed.length).toBeLessThanOrEqual(BURST + 1 + Math.ceil(seconds * RATE_PER_SECOND));
});

it('nobody uses up the limit of another by naming their address', async () => {
  const attacker = site.clientAt('127.0.1.4');
  const headers = { 'x-forwarded-for': '127.0.1.5' };
  const { answers } = await burst(60, () => attacker.get('/health', { headers }));
  expect(answers.some(isRefused)).toBe(true);
  const { answers: victims } = await burst(BURST, () => site.clientAt('127.0.1.5').get('/health'));
  expect(victims.map(({ status }) => status)).toEqual(victims.map(() => 200));
});

it.each([
  [
    'logging in',
    '127.0.2.1',
    [
      '/users/login',
      '/v1/users/login',
      '/users/login/',
      '/users/%6Cogin',
      '/%75sers/login/?x=1',
      '//users//login',
      '/users/./login',
      '/v1/users/x/../login',
      '/auth/web/login',
      '/v1/auth/web/%6cogin/',
    ],
  ],
  ['registering', '127.0.2.2', ['/users/register', '/v1/users/register/', '/users/%72egister']],
  [
    'resetting a password',
    '127.0.2.3',
    ['/auth/password-reset/request', '/v1/auth/password-reset/request/', '/auth/password-reset/confirm'],
  ],
  [
    'ending a social login',
    '127.0.2.4',
    ['/auth/oauth/exchange', '/v1/auth/web/exchange/', '/auth/oauth/%65xchange'],
  ],
])('%s has a stricter limit, however its address is spelt', async (_what, address, spellings) => {
  const client = site.clientAt(address);
  const { answers, passed, seconds } = await burst(LOGIN_BURST + 4, (n) =>
    client.post(spellings[n % spellings.length]!, {}),
  );
  expect(passed.length).toBeGreaterThanOrEqual(LOGIN_BURST + 1);
  expect(passed.length).toBeLessThanOrEqual(LOGIN_BURST + 1 + Math.ceil(seconds * LOGINS_PER_SECOND));
  expect(answers.some(isRefused)).toBe(true);
  for (const answer of answers.filter(isRefused)) {
    expectError(answer, 429, 'RATE_LIMITED');
    expect(answer.header('retry-after')).toBe('1');
  }
  // The rest of the service is still open to them.
  expect((await client.get('/health')).status).toBe(200);
});

it('files of the web app are served however many are asked for', async () => {
  const client = site.clientAt('127.0.3.1');
  const { answers } = await burst(100, () => client.get('/app/'));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});
