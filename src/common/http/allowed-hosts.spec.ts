import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { refuseOtherHosts } from './allowed-hosts.js';

let server: FastifyInstance;

beforeAll(async () => {
  server = fastify({ http: { requireHostHeader: false } });
  refuseOtherHosts(server, ['vote.example.org', '[2001:db8::1]']);
  for (const path of ['/', '/health', '/v1/health', '/ready', '/health-of-others'])
    server.get(path, () => ({ served: true }));
  server.setErrorHandler((error: { code?: string }, _request, reply) => reply.send({ code: error.code }));
  await server.ready();
});
afterAll(() => server.close());

async function ask(host: string, remoteAddress: string, url = '/'): Promise<unknown> {
  const answer = await server.inject({ url, headers: { host }, remoteAddress });
  return answer.json<{ served?: true; code?: string }>().code ?? 'served';
}

const FAR = '203.0.113.7';

describe('a host', () => {
  it.each([
    'vote.example.org',
    'VOTE.example.ORG',
    'vote.example.org.',
    'vote.example.org:443',
    'vote.example.org:8000',
    '[2001:db8::1]',
    '[2001:DB8::1]:443',
  ])('that is ours is served: %s', async (host) => {
    expect(await ask(host, FAR)).toBe('served');
  });

  it.each([
    'evil.example',
    'evil.example:443',
    'vote.example.org.evil.example',
    'evil.vote.example.org',
    'avote.example.org',
    'vote.example.or',
    'vote.example.org..',
    '203.0.113.1',
    '[2001:db8::2]',
    '0.0.0.0',
  ])('that is not ours is misdirected: %s', async (host) => {
    expect(await ask(host, FAR)).toBe('MISDIRECTED_REQUEST');
    expect(await ask(host, '127.0.0.1')).toBe('MISDIRECTED_REQUEST');
  });

  it.each(['localhost', 'localhost:8000', '127.0.0.1', '127.9.9.9:80', '[::1]:8000', 'mc101.localhost'])(
    'of loopback is served to this machine alone: %s',
    async (host) => {
      for (const here of ['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1'])
        expect(await ask(host, here)).toBe('served');
      for (const there of [FAR, '10.0.0.1', '::ffff:10.0.0.1', '2001:db8::7'])
        expect(await ask(host, there)).toBe('MISDIRECTED_REQUEST');
    },
  );

  it.each([
    'vote.example.org@evil.example',
    'evil.example/vote.example.org',
    'vote.example.org, evil.example',
    'vote.example.org evil.example',
    'vote.example.org:port',
    'vote.example.org:443:443',
    '[::1',
    '?',
  ])('that is none is malformed: "%s"', async (host) => {
    expect(await ask(host, FAR)).toBe('MALFORMED_REQUEST');
  });

  it('of any name may ask whether the service lives, and nothing else', async () => {
    for (const path of ['/health', '/v1/health', '/ready'])
      expect(await ask('10.0.0.5', FAR, path)).toBe('served');
    expect(await ask('10.0.0.5', FAR, '/health-of-others')).toBe('MISDIRECTED_REQUEST');
    expect(await ask('10.0.0.5', FAR, '/?/health')).toBe('MISDIRECTED_REQUEST');
  });
});
