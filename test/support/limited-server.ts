import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { Clock } from '../../src/common/clock.js';
import type { Answer } from './api-client.js';
import { startTestServer, type TestServer } from './test-server.js';

const key = () => `k1:${randomBytes(32).toString('base64')}`;

/** As it runs behind a proxy, whose part the test plays: what it says about the client is believed. */
export async function startLimitedServer(env: Record<string, string>): Promise<TestServer> {
  return startTestServer({
    env: {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://vote.example.org',
      TRUSTED_PROXIES: '127.0.0.1',
      JWT_SECRET_KEY: key(),
      TOKEN_PEPPER: key(),
      APP_ENCRYPTION_KEY: key(),
      LOG_SIGNING_KEY: key(),
      MAIL_DISABLED: 'true',
      ARGON2_MEMORY_KIB: '19456',
      ARGON2_TIME_COST: '2',
      ...env,
    },
  });
}

/** What the proxy adds about a client at this address. */
export const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

/** How many more the limit of this name lets in, as the answer says; undefined where it says nothing of it. */
export function remaining({ headers }: Answer, policy = 'api'): number | undefined {
  const item = (headers.get('ratelimit') ?? '').split(', ').find((entry) => entry.startsWith(`"${policy}";`));
  return item === undefined ? undefined : Number(/;r=(\d+)/.exec(item)![1]);
}

/** Stops the service's clock, until `jest.restoreAllMocks()`. @returns what moves it on */
export function holdTime(server: TestServer): (seconds: number) => void {
  let now = Date.now();
  jest.spyOn(server.app.get(Clock), 'now').mockImplementation(() => new Date(now));
  return (seconds) => {
    now += seconds * 1000;
  };
}

let lastAddress = 0;

/** A client address that no other test has. */
export function newAddress(): string {
  lastAddress += 1;
  return `203.0.${Math.floor(lastAddress / 250)}.${(lastAddress % 250) + 1}`;
}
