import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseMetrics } from '../../support/metrics-text.js';
import { Operator } from '../../support/operator.js';
import { freePort, type ServiceProcess } from '../../support/service-process.js';

const operator = new Operator();
let used: string;
beforeAll(async () => {
  used = await operator.newDataDir();
  await (await operator.start({ dataDir: used, env: { BACKUP_CRON: 'off' } })).stop();
});
afterAll(() => operator.cleanUp());

const start = async (env: Record<string, string> = {}) =>
  operator.start({ dataDir: await operator.copyOf(used), env: { BACKUP_CRON: 'off', ...env } });

const metricsOf = ({ stdout }: ServiceProcess) => /^ {2}Metrics +(\S+)$/m.exec(stdout)?.[1];

describe('the metrics of a service', () => {
  let service: ServiceProcess;
  let url: string;
  beforeAll(async () => {
    service = await start();
    url = metricsOf(service)!;
  });

  it('are where the banner says, on a port of their own, on loopback', async () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/metrics$/);
    expect(new URL(url).port).not.toBe(String(service.port));
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4; charset=utf-8$/);
    const { samples } = parseMetrics(await response.text());
    const names = new Set(samples.map(({ name }) => name));
    for (const name of [
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'mc101_ready_check',
    ])
      expect(names).toContain(name);
    expect((await service.api.get('/metrics')).status).toBe(404);
  });

  it('are all that this port has', async () => {
    const statusOf = async (method: string, path: string) =>
      (await fetch(new URL(path, url), { method })).status;
    for (const path of ['/', '/health', '/users/login', '/metrics/', '/metricsx'])
      expect([path, await statusOf('GET', path)]).toEqual([path, 404]);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      expect([method, await statusOf(method, '/metrics')]).toEqual([method, 405]);
    expect(await statusOf('GET', '/metrics?x=1')).toBe(200);
  });

  it('end with the service', async () => {
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});

describe('a metrics port that is taken', () => {
  let other: Server;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  });
  afterAll(() => {
    other.close();
  });

  it('and was chosen is a refusal that names it', async () => {
    const dataDir = await operator.copyOf(used);
    expect(await operator.refusal({ dataDir, env: { METRICS_PORT: String(port), BACKUP_CRON: 'off' } })).toBe(
      `The metrics port ${port} on 127.0.0.1 is in use: stop the program that uses it, or set METRICS_PORT to another one.`,
    );
  });

  it('is a refusal also where the host is none of this machine', async () => {
    const dataDir = await operator.copyOf(used);
    const env = { METRICS_HOST: '192.0.2.1', METRICS_PORT: '0', BACKUP_CRON: 'off' };
    expect(await operator.refusal({ dataDir, env })).toBe(
      'The metrics cannot be served on 192.0.2.1:0 (EADDRNOTAVAIL): correct METRICS_HOST and METRICS_PORT.',
    );
  });

  it('and nobody chose lets two services start on one machine; the second says that it has none', async () => {
    // An empty variable is one that is not set.
    const [first, second] = [await start({ METRICS_PORT: '' }), await start({ METRICS_PORT: '' })];
    // Whatever else runs on this machine may have the port too.
    const notes = [first, second].filter(({ stdout }) => stdout.includes('Note: No metrics: port 9464'));
    expect(notes).toContain(second);
    expect(metricsOf(second)).toBeUndefined();
    for (const service of [first, second]) {
      expect((await service.api.get('/health')).status).toBe(200);
      expect(await service.stop()).toEqual({ code: 0, signal: null });
    }
  });
});
