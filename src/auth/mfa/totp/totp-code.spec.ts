import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeTotp, matchTotp } from './totp-code.js';

const SECRET = Buffer.from('12345678901234567890');

const at = (seconds: number) => new Date(seconds * 1000);
const stepOf = (seconds: number) => Math.floor(seconds / 30);

/** RFC 6238 appendix B, SHA-1. Its codes have eight digits, of which ours are the last six (RFC 4226, 5.3). */
const VECTORS: [number, string][] = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
];

describe('a code of an authenticator app', () => {
  it.each(VECTORS)('is that of RFC 6238 at %i seconds: %s', (seconds, code) => {
    expect(matchTotp(SECRET, code.slice(2), at(seconds))).toBe(stepOf(seconds));
  });

  it('is taken a step early and a step late, and then belongs to its own step', () => {
    for (const [seconds, code] of VECTORS) {
      const begin = stepOf(seconds) * 30;
      for (const moment of [begin - 30, begin - 1, begin, begin + 29, begin + 30, begin + 59])
        expect(matchTotp(SECRET, code.slice(2), at(moment))).toBe(stepOf(seconds));
      for (const moment of [begin - 31, begin + 60, begin + 3600].filter((one) => one >= 0))
        expect(matchTotp(SECRET, code.slice(2), at(moment))).toBeUndefined();
    }
  });

  it.each([
    '',
    '28708',
    '2870820',
    '28708a',
    ' 287082',
    '287082\n',
    '２８７０８２',
    '-87082',
    '+28708',
    '2870.2',
    '1e5000',
  ])('is six digits and nothing else: %j', (code) => {
    expect(matchTotp(SECRET, code, at(59))).toBeUndefined();
  });

  it('is nobody else’s', () => {
    expect(matchTotp(Buffer.from('12345678901234567891'), '287082', at(59))).toBeUndefined();
  });

  it('never belongs to a step outside of the window, whatever secret, code and time', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.nat(999_999),
        fc.integer({ min: 60, max: 4_000_000_000 }),
        (secret, code, seconds) => {
          const step = matchTotp(Buffer.from(secret), String(code).padStart(6, '0'), at(seconds));
          expect(step === undefined || Math.abs(step - stepOf(seconds)) <= 1).toBe(true);
        },
      ),
    );
  });
});

describe('what an app is told', () => {
  it('is the secret in base32, and a URL with it, the issuer and the account', () => {
    const { base32, url } = describeTotp(SECRET, { issuer: 'Ada & Söhne', account: 'ada+x@example.com' });
    expect(base32).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    const parsed = new URL(url);
    expect(parsed.protocol + parsed.host).toBe('otpauth:totp');
    expect(decodeURIComponent(parsed.pathname)).toBe('/Ada & Söhne:ada+x@example.com');
    expect(parsed.searchParams.get('secret')).toBe(base32);
    expect(parsed.searchParams.get('issuer')).toBe('Ada & Söhne');
  });
});
