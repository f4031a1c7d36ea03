import type { IncomingMessage } from 'node:http';
import { expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { findClient, trustOf } from './find-client.js';
import { toPlainAddress } from './plain-address.js';

const TRUSTED = ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'];

const request = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

it.each([
  ['203.0.113.9', undefined, '203.0.113.9'],
  ['203.0.113.9', '192.0.2.1', '203.0.113.9'],
  ['127.0.0.1', undefined, '127.0.0.1'],
  ['127.0.0.1', '192.0.2.1', '192.0.2.1'],
  ['127.0.0.1', '198.51.100.1, 192.0.2.1', '192.0.2.1'],
  ['127.0.0.1', '198.51.100.1, 192.0.2.1, 10.1.2.3', '192.0.2.1'],
  ['127.0.0.1', '10.1.2.3,10.1.2.4', '10.1.2.3'],
  ['127.0.0.1', '192.0.2.1, nonsense', null],
  ['127.0.0.1', '[2001:db9::1]:443', '2001:db9::1'],
  ['2001:db8::1', '2001:db9::1', '2001:db9::1'],
])('from %s, forwarded for %s, comes %s, as Fastify says too', async (remote, forwarded, client) => {
  expect(findClient(request(remote, forwarded), trustOf(TRUSTED))).toBe(client);
  const server = fastify({ trustProxy: TRUSTED });
  server.get('/', ({ ip }) => ({ ip }));
  const answer = await server.inject({
    url: '/',
    remoteAddress: remote,
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  });
  expect(toPlainAddress(answer.json<{ ip: string }>().ip)).toBe(client);
});
