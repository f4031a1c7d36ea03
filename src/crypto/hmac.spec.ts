import { describe, expect, it } from '@jest/globals';
import { isConstantTimeEqual } from './constant-time-equal.js';
import { hmacSha256 } from './hmac.js';

describe('hmacSha256', () => {
  it('gives the known answers of RFC 4231, cases 1 and 2', () => {
    expect(hmacSha256(Buffer.alloc(20, 0x0b), 'Hi There').toString('hex')).toBe(
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    );
    expect(hmacSha256(Buffer.from('Jefe'), 'what do ya want for nothing?').toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });
});

describe('isConstantTimeEqual', () => {
  it('compares also bytes of different lengths, without an exception', () => {
    expect(isConstantTimeEqual(Buffer.from('ab'), Buffer.from('ab'))).toBe(true);
    expect(isConstantTimeEqual(Buffer.from('ab'), Buffer.from('ac'))).toBe(false);
    expect(isConstantTimeEqual(Buffer.from('ab'), Buffer.from('abc'))).toBe(false);
  });
});
