import { expect, it } from '@jest/globals';
import { judgeSpoofing, type DirectProbe, type PublicProbe } from './spoofing.js';

const QUIET: DirectProbe = { from: '127.0.0.1', trusted: 'not', believed: [], repeatsName: false };
const BELIEVING = ['X-Forwarded-*'];
const told = (direct: DirectProbe[], published?: PublicProbe) =>
  judgeSpoofing(direct, published).map(({ verdict, found }) => [verdict, found]);

it('headers that nobody believes are in order', () => {
  expect(
    told([QUIET, { ...QUIET, from: '192.0.2.7' }], { believesProtocol: false, repeatsName: false }),
  ).toEqual([['ok', 'Proxy headers that a client makes up are not believed.']]);
});

it('the proxy beside the service is believed, and one that is named at another address', () => {
  expect(told([{ ...QUIET, trusted: 'in range', believed: BELIEVING }])).toEqual([
    ['ok', expect.stringContaining('believed from 127.0.0.1')],
  ]);
  expect(told([{ ...QUIET, from: '192.0.2.7', trusted: 'by name', believed: BELIEVING }])).toEqual([
    ['ok', expect.stringContaining('believed from 192.0.2.7')],
  ]);
});

it.each([
  ['an address that the configuration does not trust', { believed: BELIEVING }, 'does not name'],
  [
    'an address that a range happens to hold',
    { from: '192.0.2.7', trusted: 'in range', believed: BELIEVING },
    'X-Forwarded-* from 192.0.2.7',
  ],
  ['a name that a client makes up', { repeatsName: true }, 'builds answers from the name'],
] as const)('believing %s is a problem', (_, more, words) => {
  expect(told([QUIET, { ...QUIET, ...more }])).toEqual([['problem', expect.stringContaining(words)]]);
});

it('a proxy that passes on what clients say of themselves is told', () => {
  expect(told([], { believesProtocol: true, repeatsName: false })).toEqual([
    ['warning', expect.stringContaining('At PUBLIC_URL')],
  ]);
  expect(told([], { believesProtocol: false, repeatsName: true })).toEqual([
    ['problem', expect.stringContaining('at PUBLIC_URL')],
  ]);
});
