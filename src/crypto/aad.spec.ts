import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeAad } from './aad.js';

const wellFormed = fc.string({ unit: 'binary', maxLength: 12 });

describe('encodeAad', () => {
  it('writes each field as its length and its bytes, integers as 8 bytes', () => {
    expect(encodeAad(['é', 258, Buffer.from([0xff])]).toString('hex')).toBe(
      '00000002c3a9' + '000000080000000000000102' + '00000001ff',
    );
  });

  it('gives different lists of texts different bytes, wherever the borders lie', () => {
    expect(encodeAad(['ab', 'c'])).not.toEqual(encodeAad(['a', 'bc']));
    expect(encodeAad(['', 'a'])).not.toEqual(encodeAad(['a', '']));
    fc.assert(
      fc.property(fc.array(wellFormed), fc.array(wellFormed), (one, other) => {
        const alike = JSON.stringify(one) === JSON.stringify(other);
        expect(encodeAad(one).equals(encodeAad(other))).toBe(alike);
      }),
    );
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])('refuses the number %p', (number) => {
    expect(() => encodeAad([number])).toThrow(RangeError);
  });

  it('refuses a lone surrogate instead of binding U+FFFD in its place', () => {
    expect(() => encodeAad(['a\ud800'])).toThrow(TypeError);
  });
});
