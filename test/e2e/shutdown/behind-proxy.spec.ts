import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { Draining, refuseWhileDraining } from '../../../src/common/http/draining.js';
import { KeptAliveClient } from '../../support/kept-alive.js';

let service: FastifyInstance;
let draining: Draining;
let proxy: KeptAliveClient;
/** Lets the request to /slow be answered. */
let finish: (() => void) | undefined;

async function serve(isBehindProxy: boolean) {
  refuseWhileDraining(service, draining, isBehindProxy);
  service.get('/quick', () => ({ served: 'quick' }));
  service.post('/slow', async () => {
    await new Promise<void>((resolve) => (finish = resolve));
    return { served: 'slow' };
  });
  await service.listen({ port: 0, host: '127.0.0.1' });
  proxy = new KeptAliveClient((service.server.address() as { port: number }).port);
  expect((await proxy.send('GET', '/quick')).headers).toMatchObject({ connection: 'keep-alive' });
}

beforeEach(() => {
  service = fastify();
  draining = new Draining();
  finish = undefined;
});
afterEach(async () => {
  proxy.close();
  await service.close();
});

it('behind a proxy, which may not send a POST again, what comes on its connections is served to the end', async () => {
  await serve(true);
  const drained = draining.drain(10_000);
  const answer = proxy.send('POST', '/slow', { any: 'thing' });
  const stillServing = await Promise.race([drained, answer, untilBegun()]);
  expect(stillServing).toBe('begun');
  finish!();
  expect(await answer).toMatchObject({
    status: 200,
    headers: { connection: 'close' },
    body: { served: 'slow' },
  });
  await expect(proxy.send('GET', '/quick')).rejects.toThrow('before its answer (ECONNREFUSED)');
  expect(await drained).toBe(true);
});

it('without one it is refused before it is begun', async () => {
  await serve(false);
  const drained = draining.drain(10_000);
  const answer = await proxy.send('POST', '/slow', { any: 'thing' });
  expect(answer).toMatchObject({ status: 500, headers: { connection: 'close' }, body: { code: 'BUSY' } });
  expect(finish).toBeUndefined();
  await expect(proxy.send('GET', '/quick')).rejects.toThrow('before its answer (ECONNREFUSED)');
  expect(await drained).toBe(true);
});

it('a request that never ends is given up when the time is over', async () => {
  await serve(false);
  const answer = proxy.send('POST', '/slow', { any: 'thing' });
  await untilBegun();
  expect(await draining.drain(100)).toBe(false);
  finish!();
  expect((await answer).status).toBe(200);
});

async function untilBegun(): Promise<'begun'> {
  while (finish === undefined) await new Promise((resolve) => setImmediate(resolve));
  return 'begun';
}
