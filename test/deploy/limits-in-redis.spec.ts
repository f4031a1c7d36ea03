import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis as Client } from 'ioredis';
import { Clock } from '../../src/common/clock.js';
import { Metrics } from '../../src/common/metrics/metrics.js';
import { LimitStorages } from '../../src/common/rate-limits/limit-storages.js';
import { RateLimits } from '../../src/common/rate-limits/rate-limits.js';
import { RedisConnection } from '../../src/common/rate-limits/redis-connection.js';
import { RedisWindows } from '../../src/common/rate-limits/redis-windows.js';
import { ReadinessChecks } from '../../src/common/readiness/readiness-checks.js';
import { testConfig } from '../support/test-config.js';
import { Redis } from './redis.js';

const PASSWORD = 'otter-of-the-quiet-harbour';

let folder: string;
let redis: Redis;
let operator: Client;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mc101-redis-'));
  redis = await Redis.start(folder, ['--requirepass', PASSWORD]);
  operator = new Client({ port: redis.port, password: PASSWORD });
});
beforeEach(() => operator.flushall());
afterAll(async () => {
  operator.disconnect();
  await redis.stop('SIGKILL');
  await rm(folder, { recursive: true });
});

const url = (password = PASSWORD) => `redis://:${password}@127.0.0.1:${redis.port}`;
const opened: { end: () => void }[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const one of opened.splice(0)) one.end();
});

/** What one process counts with. */
async function windows(prefix = 'test:'): Promise<RedisWindows> {
  const connection = new RedisConnection(url());
  opened.push(connection);
  await connection.begin();
  return new RedisWindows(connection, prefix);
}

describe('a window in Redis', () => {
  it('never holds more than its limit, wherever it begins, for however many processes at once', async () => {
    const [limit, windowMs] = [5, 40];
    const processes = await Promise.all([windows(), windows(), windows()]);
    const taken: number[] = [];
    const refusedUntil: number[] = [];
    const oneByOne = async (one: RedisWindows) => {
      while (taken.length < 100) {
        const state = await one.take({ key: 'a', limit, windowMs }, 1);
        if (state.allowed) taken.push(state.takenAt);
        else refusedUntil.push(state.takenAt + state.fitsInMs * 1000);
      }
    };
    await Promise.all([...processes, ...processes].map(oneByOne));
    taken.sort((one, other) => one - other);
    const inWindowFrom = (begin: number) => taken.filter((at) => at >= begin && at < begin + windowMs * 1000);
    for (const begin of taken) expect(inWindowFrom(begin).length).toBeLessThanOrEqual(limit);
    // Nor is anybody kept out for longer than that: what was said to fit fits in at the moment that was named.
    const leaves = new Set(taken.map((at) => at + windowMs * 1000));
    expect(refusedUntil.length).toBeGreaterThan(0);
    expect(refusedUntil.every((until) => leaves.has(Math.round(until)))).toBe(true);
  });

  it('a hundred at once from three processes get as many places as there are', async () => {
    const processes = await Promise.all([windows(), windows(), windows()]);
    const states = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        processes[n % 3]!.take({ key: 'a', limit: 7, windowMs: 60_000 }, 1),
      ),
    );
    expect(states.filter(({ allowed }) => allowed)).toHaveLength(7);
    expect(await operator.llen('test:a')).toBe(7);
  });

  it('is gone as soon as everything has left it', async () => {
    const one = await windows();
    await one.take({ key: 'a', limit: 3, windowMs: 90_000 }, 2);
    const left = await operator.pttl('test:a');
    expect(left).toBeGreaterThan(80_000);
    expect(left).toBeLessThanOrEqual(90_000);
  });

  it('takes several places together or none, only looks when asked to, gives back, and forgets', async () => {
    const one = await windows();
    const window = { key: 'a', limit: 3, windowMs: 60_000 };
    const two = await one.take(window, 2);
    expect(two).toMatchObject({ allowed: true, used: 2, fitsInMs: 0 });
    expect(await one.take(window, 2)).toMatchObject({ allowed: false, used: 2 });
    expect(await one.take(window, 0)).toMatchObject({ allowed: true, used: 2 });
    expect(await one.take(window, 1)).toMatchObject({ allowed: true, used: 3 });
    const full = await one.take(window, 0);
    expect(full).toMatchObject({ allowed: false, used: 3 });
    expect(full.fitsInMs).toBeGreaterThan(0);
    expect(full.fitsInMs).toBeLessThanOrEqual(60_000);
    await one.giveBack('a', two.takenAt, 2);
    expect(await one.take(window, 0)).toMatchObject({ allowed: true, used: 1 });
    await one.forget('a');
    expect(await one.take(window, 0)).toMatchObject({ allowed: true, used: 0 });
  });

  it('a clock of Redis that is set back shuts nobody out for longer than a window', async () => {
    const one = await windows();
    const window = { key: 'a', limit: 1, windowMs: 60_000 };
    const [seconds] = await operator.time();
    await operator.rpush('test:a', String((Number(seconds) + 30) * 1_000_000));
    expect(await one.take(window, 1)).toMatchObject({ allowed: false, fitsInMs: 60_000 });
    await operator.del('test:a');
    await operator.rpush('test:a', String((Number(seconds) + 3600) * 1_000_000));
    expect(await one.take(window, 1)).toMatchObject({ allowed: true, used: 1 });
  });

  it('is asked with one command, also when Redis has forgotten the script', async () => {
    const one = await windows();
    const window = { key: 'a', limit: 9, windowMs: 60_000 };
    await one.take(window, 1);
    await operator.call('SCRIPT', 'FLUSH');
    expect(await one.take(window, 1)).toMatchObject({ allowed: true, used: 2 });
    const commands = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await operator.info('commandstats'))![1]);
    const before = await commands();
    await one.take(window, 1);
    expect(await commands()).toBe(before + 1);
  });
});

describe('when Redis goes', () => {
  /** The limits as the service has them, three registrations an address. */
  async function service(redisUrl = url(), env: Record<string, string> = {}) {
    const checks = new ReadinessChecks();
    const metrics = new Metrics();
    const config = testConfig(
      { app: '', owner: '', direct: '' },
      { REDIS_URL: redisUrl, RL_SIGNUP_IP_LIMIT: '3', ...env },
    );
    const storages = new LimitStorages(new Clock(), config, checks, metrics);
    opened.push({
      end: () => {
        storages.onApplicationShutdown();
      },
    });
    const log = [
      jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined),
      jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined),
    ];
    await storages.begin();
    const limits = new RateLimits(storages, config, metrics);
    return {
      take: async () => (await limits.consume('signup-address', '192.0.2.1')).allowed,
      ready: () => checks.look('redis'),
      log: () => JSON.stringify(log.flatMap(({ mock }) => mock.calls)),
    };
  }

  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await delay(20);
  };
  const isOk = async ({ ready }: Awaited<ReturnType<typeof service>>) => (await ready()).status === 'ok';

  it('each process counts by itself at once, /ready says so, and all count together again when it is back', async () => {
    const [one, other] = [await service(), await service()];
    expect([await one.take(), await other.take(), await one.take()]).toEqual([true, true, true]);
    expect(await other.take()).toBe(false);
    expect(await one.ready()).toEqual({ status: 'ok' });

    await redis.stop('SIGKILL');
    expect([await one.take(), await one.take(), await one.take(), await one.take()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(await other.take()).toBe(true);
    expect(await one.ready()).toEqual({
      status: 'degraded',
      detail: expect.stringMatching(/^Redis cannot be used \(.+\): each process counts .* REDIS_URL\.$/),
    });

    redis = await redis.startAgain();
    await until(async () => (await isOk(one)) && (await isOk(other)));
    expect([await one.take(), await other.take(), await one.take(), await other.take()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(one.log()).toContain('each process counts by itself');
    expect(one.log()).not.toContain(PASSWORD);
  });

  it('a Redis that hangs is given up after the first question, and taken back when it answers', async () => {
    const one = await service();
    await one.take();
    redis.signal('SIGSTOP');
    // Whoever waited was answered from memory, and from then on nobody asks.
    expect([await one.take(), await one.take(), await one.take(), await one.take()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect((await one.ready()).status).toBe('degraded');
    redis.signal('SIGCONT');
    await until(() => isOk(one));
    expect(await one.take()).toBe(true);
  });

  it('a Redis that takes nothing more counts as gone', async () => {
    const one = await service();
    await operator.config('SET', 'maxmemory', '1');
    expect(await one.take()).toBe(true);
    expect(await one.ready()).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('(OOM)'),
    });
    await operator.config('SET', 'maxmemory', '0');
    await until(() => isOk(one));
  });

  it('a replica that only reads counts as gone', async () => {
    const one = await service();
    await operator.call('REPLICAOF', '127.0.0.1', '1');
    expect(await one.take()).toBe(true);
    expect(await one.ready()).toMatchObject({ detail: expect.stringContaining('(READONLY)') });
    await operator.call('REPLICAOF', 'NO', 'ONE');
    await until(() => isOk(one));
  });

  it.each([
    ['a wrong password', () => url('not-this-one'), 'WRONGPASS'],
    ['no password', () => `redis://127.0.0.1:${redis.port}`, 'NOAUTH'],
  ])('%s is named, and no password is', async (_what, wrongUrl, reason) => {
    const one = await service(wrongUrl(), { REDIS_REQUIRED: 'true' });
    expect(await one.take()).toBe(true);
    expect(await one.ready()).toEqual({ status: 'down', detail: expect.stringContaining(`(${reason})`) });
    expect(one.log()).not.toContain('not-this-one');
  });

  it('two services that share one Redis count apart', async () => {
    const [one, other] = [await service(), await service(url(), { PUBLIC_URL: 'http://localhost:9000' })];
    for (let n = 0; n < 3; n += 1) await one.take();
    expect(await one.take()).toBe(false);
    expect(await other.take()).toBe(true);
  });
});
