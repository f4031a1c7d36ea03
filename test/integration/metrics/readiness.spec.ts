import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { Draining } from '../../../src/common/http/draining.js';
import { Metrics } from '../../../src/common/metrics/metrics.js';
import {
  ReadinessChecks,
  type CheckState,
  type Finding,
} from '../../../src/common/readiness/readiness-checks.js';
import { HealthRepository } from '../../../src/health/health.repository.js';
import { ReadinessService } from '../../../src/health/readiness.service.js';
import { parseMetrics } from '../../support/metrics-text.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

/** From now on a second has always passed. */
function letTimePass() {
  let time = Date.now();
  jest.spyOn(server.app.get(Clock), 'now').mockImplementation(() => new Date((time += 1_001)));
}

const partIs = (...findings: Finding[]) => {
  server.app
    .get(ReadinessChecks)
    .register('backup', () => Promise.resolve(findings.length > 1 ? findings.shift()! : findings[0]!));
};

describe('/ready', () => {
  it('asked 200 times at once looks once, and the metrics see the same look', async () => {
    const look = jest.spyOn(server.app.get(HealthRepository), 'countPendingMigrations');
    const now = new Date();
    jest.spyOn(server.app.get(Clock), 'now').mockReturnValue(now);
    const answers = await Promise.all(Array.from({ length: 200 }, () => server.api.get('/ready')));
    await server.app.get(Metrics).expose();
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(200);
    expect(look).toHaveBeenCalledTimes(1);
    letTimePass();
    await server.api.get('/ready');
    expect(look).toHaveBeenCalledTimes(2);
  });

  it('that hangs is waited for by everybody: no second look is begun, however long it takes', async () => {
    letTimePass();
    let finish: (pending: number) => void = () => undefined;
    const look = jest
      .spyOn(server.app.get(HealthRepository), 'countPendingMigrations')
      .mockReturnValue(new Promise((resolve) => (finish = resolve)));
    const asked = Array.from({ length: 20 }, () => server.app.get(ReadinessService).check());
    finish(0);
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 'ok'));
    expect(look).toHaveBeenCalledTimes(1);
  });

  it.each<[CheckState, string, number]>([
    ['ok', 'ok', 200],
    ['off', 'ok', 200],
    ['degraded', 'degraded', 200],
    ['unavailable', 'degraded', 200],
    ['down', 'down', 503],
  ])('with a part that is %s is %s', async (state, whole, status) => {
    partIs({ status: state, detail: 'Install postgresql-client-18.' });
    const answer = await server.api.get('/ready');
    expect({ status: answer.status, whole: answer.body.status as string }).toEqual({ status, whole });
    expect(answer.body.checks.backup).toEqual({
      status: state,
      since: expect.any(String),
      detail: 'Install postgresql-client-18.',
    });
  });

  it('remembers since when a part is as it is', async () => {
    letTimePass();
    partIs({ status: 'ok' }, { status: 'degraded' }, { status: 'degraded' }, { status: 'ok' });
    const since: string[] = [];
    for (let n = 0; n < 4; n++)
      since.push((await server.api.get('/ready')).body.checks.backup.since as string);
    expect(since[1]! > since[0]!).toBe(true);
    expect(since[2]).toBe(since[1]);
    expect(since[3]! > since[2]!).toBe(true);
  });

  it('is down from the moment the service begins to stop', async () => {
    expect((await server.api.get('/ready')).status).toBe(200);
    server.app.get(Draining).onModuleDestroy();
    const answer = await server.api.get('/ready');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(answer.body).toMatchObject({
      status: 'down',
      checks: { database: { status: 'ok' } },
    });
    expect((await server.api.get('/health')).status).toBe(200);
  });
});

describe('the metric of a part', () => {
  const shown = async () => {
    const { samples } = parseMetrics(await server.app.get(Metrics).expose());
    return Object.fromEntries(
      samples
        .filter(({ name }) => name === 'mc101_ready_check')
        .map(({ labels, value }) => [labels['check'], value]),
    );
  };

  it.each<[CheckState, number | undefined]>([
    ['ok', 1],
    ['degraded', 0.5],
    ['unavailable', 0.5],
    ['down', 0],
    ['off', undefined],
  ])('that is %s is %p', async (status, value) => {
    partIs({ status });
    const parts = await shown();
    expect(parts.backup).toBe(value);
    expect(parts).toMatchObject({ database: 1, migrations: 1, keys: 1 });
  });

  it('is what was seen last while a look hangs', async () => {
    letTimePass();
    expect(await shown()).toMatchObject({ database: 1 });
    let finish: (pending: number) => void = () => undefined;
    jest
      .spyOn(server.app.get(HealthRepository), 'countPendingMigrations')
      .mockReturnValue(new Promise((resolve) => (finish = resolve)));
    expect(await shown()).toMatchObject({ database: 1, migrations: 1 });
    finish(3);
    jest.spyOn(server.app.get(HealthRepository), 'countPendingMigrations').mockResolvedValue(3);
    expect(await shown()).toMatchObject({ database: 1, migrations: 0 });
  });
});
