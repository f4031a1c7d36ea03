import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hash } from 'argon2';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { inLanes } from '../support/lanes.js';
import { Deployment } from './deployment.js';
import type { HttpsClient, SiteAnswer } from './https-client.js';
import { ENTRYPOINT } from './nginx.js';

const VOTERS = 400;
/** Every tenth mistypes once. */
const TYPOS = VOTERS / 10;
const AT_A_TIME = 24;
/** The minutes of an office pass as so many times faster. */
const SPEED = 20;
const MINUTES = 10;
const PASSWORD = 'a curious otter votes at dawn';
const WRONG = 'a curious otter votes at dusk';

/** What a service limits and locks as shipped; the other tests' processes have wider limits. */
const SHIPPED = {
  RL_LOGIN_IP_LIMIT: '',
  RL_LOGIN_EMAIL_LIMIT: '',
  LOGIN_FAIL_EMAIL_THRESHOLD: '',
  LOGIN_FAIL_IP_THRESHOLD: '',
};

jest.setTimeout(300_000);

let site: Deployment;
afterEach(() => site.close());

/** What nginx lets through as shipped. */
function shipped(name: string): number {
  return Number(new RegExp(`\\$\\{${name}:-(\\d+)\\}`).exec(readFileSync(ENTRYPOINT, 'utf8'))![1]);
}

async function voters(count: number): Promise<string[]> {
  const passwordHash = await hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  const { rows } = await site.sql.query<{ email: string }>(
    `INSERT INTO users (name, email, email_normalized, voter_key, password_hash)
     SELECT 'Voter', 'voter-' || n || '@example.com', 'voter-' || n || '@example.com', gen_random_uuid(), $1
     FROM generate_series(1, $2::int) n RETURNING email`,
    [passwordHash, count],
  );
  return rows.map(({ email }) => email);
}

/** nginx' own refusals, or a full queue of hashes: come again in a moment. */
const isToComeAgain = ({ status, body }: SiteAnswer) =>
  body?.error?.code === 'BUSY' || (status === 429 && (body.error.message as string).includes('slow down'));

/** Logs in as somebody who comes again as often and as late as they are told. */
async function logIn(client: HttpsClient, email: string, password: string): Promise<SiteAnswer> {
  for (;;) {
    const answer = await client.post('/users/login', { email, password });
    if (!isToComeAgain(answer)) return answer;
    await delay((Number(answer.header('retry-after')) * 1000) / SPEED);
  }
}

async function letAllIn(client: HttpsClient, emails: string[], mistypes: (n: number) => boolean) {
  const answers: SiteAnswer[] = [];
  await inLanes(AT_A_TIME, emails, async (email, _lane, n) => {
    for (const password of mistypes(n) ? [WRONG, PASSWORD] : [PASSWORD])
      answers.push(await logIn(client, email, password));
  });
  return tally(answers);
}

function tally(answers: SiteAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const key = body?.error === undefined ? String(status) : `${status} ${body.error.code}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

describe('four hundred voters behind one address, before nginx and three processes', () => {
  const FASTER = {
    NGINX_RATE_PER_SECOND: String(shipped('NGINX_RATE_PER_SECOND') * SPEED),
    NGINX_BURST: '',
    NGINX_LOGIN_RATE_PER_MINUTE: String(shipped('NGINX_LOGIN_RATE_PER_MINUTE') * SPEED),
    NGINX_LOGIN_BURST: '',
  };

  it('are let in as the service is shipped', async () => {
    // What nginx lets through in ten minutes is enough for them; that they are all let in is what the rest shows.
    expect(shipped('NGINX_LOGIN_RATE_PER_MINUTE') * MINUTES).toBeGreaterThan(VOTERS + TYPOS);
    site = await Deployment.start({ env: SHIPPED, nginx: FASTER });
    const client = site.clientAt('127.0.4.1');
    expect(await letAllIn(client, await voters(VOTERS), () => false)).toEqual({ '200': VOTERS });
  });

  it('are let in with a typo of every tenth, where their network is trusted', async () => {
    site = await Deployment.start({
      env: { ...SHIPPED, TRUSTED_CLIENT_NETWORKS: '127.0.4.0/24' },
      nginx: FASTER,
    });
    const client = site.clientAt('127.0.4.2');
    expect(await letAllIn(client, await voters(VOTERS), (n) => n % 10 === 0)).toEqual({
      '200': VOTERS,
      '401 INVALID_CREDENTIALS': TYPOS,
    });
  });
});

describe('a lockout, before nginx and three processes', () => {
  it('is one for all of them: of many wrong passwords at once eight are looked at, and a known device is let in', async () => {
    site = await Deployment.start({ env: { ...SHIPPED, CPU_QUEUE_LIMIT: '200' } });
    const [email] = (await voters(1)) as [string];
    const home = site.clientAt('127.0.5.1');
    const first = await home.post('/users/login', { email, password: PASSWORD });
    const headers = { 'x-device-token': first.body.device_token as string };
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        site.clientAt(`127.0.6.${n % 30}`).post('/users/login', { email, password: WRONG }),
      ),
    );
    expect(tally(answers)).toEqual({ '401 INVALID_CREDENTIALS': 8, '429 LOCKED_OUT': 52 });
    for (const service of site.services)
      expect((await service.api.post('/users/login', { email, password: PASSWORD })).body.error.code).toBe(
        'LOCKED_OUT',
      );
    for (let n = 0; n < 3; n += 1)
      expect((await home.post('/users/login', { email, password: PASSWORD }, { headers })).status).toBe(200);
    expect((await home.post('/users/login', { email, password: PASSWORD })).status).toBe(429);
  });
});
