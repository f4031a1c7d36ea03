import { expect, it } from '@jest/globals';
import { judgeProxies, type ProxyFacts } from './proxies.js';

const PRODUCTION: ProxyFacts = {
  environment: 'production',
  host: '127.0.0.1',
  trusted: ['127.0.0.1'],
  isContainer: false,
};
const told = (more: Partial<ProxyFacts>) =>
  judgeProxies({ ...PRODUCTION, ...more }).map(({ verdict, found }) => [verdict, found]);

it.each([
  ['a proxy beside the service', {}],
  [
    'compose: one address, in a container',
    { host: '0.0.0.0', trusted: ['172.31.101.10'], isContainer: true },
  ],
  ['a small network of proxies', { trusted: ['10.1.2.0/24', 'fd00:1::/64'] }],
  ['one public address', { trusted: ['198.51.100.7', '2001:db8::7'] }],
  ['loopback as a whole', { trusted: ['127.0.0.0/8'] }],
  ['development', { environment: 'development', trusted: [] }],
] as const)('%s is in order', (_, more) => {
  expect(told(more)).toEqual([['ok', expect.anything()]]);
});

it.each([
  ['everybody', { trusted: ['0.0.0.0/0'] }, 'problem', '0.0.0.0/0: every client'],
  ['everybody, by IPv6', { trusted: ['::/0'] }, 'problem', '::/0: every client'],
  ['half of the internet', { trusted: ['128.0.0.0/1'] }, 'problem', 'public internet'],
  ['a public range', { trusted: ['198.51.100.0/24'] }, 'warning', 'public internet'],
  ['a whole private network', { trusted: ['10.0.0.0/8'] }, 'warning', '10.0.0.0/8, a whole network'],
  ['nobody in production', { trusted: [] }, 'warning', 'TRUSTED_PROXIES is empty'],
  ['a proxy that can be gone round', { host: '0.0.0.0' }, 'warning', 'past the proxy'],
] as const)('%s is told', (_, more, verdict, words) => {
  expect(told(more)).toEqual([[verdict, expect.stringContaining(words)]]);
});

it('only the entry that is wrong is told', () => {
  expect(told({ trusted: ['127.0.0.1', '0.0.0.0/0'] })).toHaveLength(1);
});
