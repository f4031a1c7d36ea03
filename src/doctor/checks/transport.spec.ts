import { expect, it } from '@jest/globals';
import { judgeTls } from './transport.js';

const NOW = new Date('2026-01-05T09:30:00Z');
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000);
const GOOD = {
  host: 'vote.example.org',
  protocol: 'TLSv1.3',
  distrust: undefined,
  isForHost: true,
  validTo: inDays(60),
  acceptsOldTls: false,
  plain: 'redirect',
} as const;

it('a certificate that is trusted, for the name and valid for long is in order', () => {
  expect(judgeTls(GOOD, NOW)).toEqual([
    { verdict: 'ok', found: 'TLSv1.3, the certificate is trusted and valid for another 60 days.' },
  ]);
  expect(judgeTls({ ...GOOD, plain: 'nothing', validTo: inDays(21) }, NOW)[0]).toMatchObject({
    verdict: 'ok',
  });
});

it.each([
  ['expires in 20 days', { validTo: inDays(20.5) }, 'warning', 'expires in 20 days'],
  [
    'has expired, which is told once',
    { validTo: inDays(-0.1), distrust: 'CERT_HAS_EXPIRED' },
    'problem',
    'has expired',
  ],
  ['is for another name', { isForHost: false }, 'problem', 'not for the name vote.example.org'],
  [
    'is signed by nobody',
    { distrust: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    'problem',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ],
  [
    'of this machine is signed by nobody',
    { host: 'localhost', distrust: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    'warning',
    'localhost',
  ],
  ['comes with TLS 1.0', { acceptsOldTls: true }, 'warning', 'TLS 1.0'],
  ['is gone round by http', { plain: 'content' as const }, 'warning', 'without leading to https'],
])('a certificate that %s', (_, more, verdict, words) => {
  expect(judgeTls({ ...GOOD, ...more }, NOW)).toEqual([
    { verdict, found: expect.stringContaining(words), toDo: expect.anything() },
  ]);
});
