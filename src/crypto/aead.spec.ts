import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aeadOpen } from './aead-open.js';
import { aeadSeal } from './aead-seal.js';
import { SealBrokenError } from './crypto.errors.js';

const KEY = Buffer.alloc(32, 7);
const AAD = Buffer.from('where it belongs');
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const keys = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Buffer.from(array));

describe('aeadSeal and aeadOpen', () => {
  it('open what was sealed, 28 bytes longer', () => {
    fc.assert(
      fc.property(keys, bytes, bytes, (key, plaintext, aad) => {
        const sealed = aeadSeal(key, plaintext, aad);
        expect(sealed).toHaveLength(plaintext.length + 28);
        expect(aeadOpen(key, sealed, aad)).toEqual(plaintext);
      }),
    );
  });

  it('refuse every single flipped bit', () => {
    const sealed = aeadSeal(KEY, Buffer.from('one small secret'), AAD);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => aeadOpen(KEY, flipped, AAD)).toThrow(SealBrokenError);
    }
  });

  it('refuse every truncation, an extension, another key and another binding', () => {
    const sealed = aeadSeal(KEY, Buffer.from('secret'), AAD);
    for (let length = 0; length < sealed.length; length++) {
      expect(() => aeadOpen(KEY, sealed.subarray(0, length), AAD)).toThrow(SealBrokenError);
    }
    expect(() => aeadOpen(KEY, Buffer.concat([sealed, Buffer.from([0])]), AAD)).toThrow(SealBrokenError);
    expect(() => aeadOpen(Buffer.alloc(32, 8), sealed, AAD)).toThrow(SealBrokenError);
    expect(() => aeadOpen(KEY, sealed, Buffer.from('elsewhere'))).toThrow(SealBrokenError);
    expect(() => aeadOpen(KEY, sealed, Buffer.alloc(0))).toThrow(SealBrokenError);
  });

  it('never use a nonce twice for the same key', () => {
    const nonces = Array.from({ length: 2000 }, () => aeadSeal(KEY, AAD, AAD).toString('hex', 0, 12));
    expect(new Set(nonces).size).toBe(2000);
  });

  it('call a key of the wrong length a mistake of the caller, not a broken seal', () => {
    const sealed = aeadSeal(KEY, AAD, AAD);
    expect(() => aeadSeal(Buffer.alloc(16), AAD, AAD)).toThrow('Invalid key length');
    expect(() => aeadOpen(Buffer.alloc(16), sealed, AAD)).toThrow('Invalid key length');
  });
});
