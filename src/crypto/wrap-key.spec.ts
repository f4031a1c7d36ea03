import { describe, expect, it } from '@jest/globals';
import { encodeAad } from './aad.js';
import { aeadSeal } from './aead-seal.js';
import { SealBrokenError, WrappedKeyBrokenError } from './crypto.errors.js';
import { commitToKey, verifyKeyCommitment } from './key-commitment.js';
import { unwrapKey } from './unwrap-key.js';
import { wrapKey } from './wrap-key.js';

const KEK = Buffer.alloc(32, 1);
const KEY = Buffer.alloc(32, 2);
const BINDING = { fields: ['a note', 5], kekId: 'user' };

describe('wrapKey and unwrapKey', () => {
  it('give the key back', () => {
    const wrapped = wrapKey(KEK, KEY, BINDING);
    expect(wrapped).toHaveLength(60);
    expect(unwrapKey(KEK, wrapped, BINDING)).toEqual(KEY);
  });

  it('refuse another KEK, another id of it, and other bound fields', () => {
    const wrapped = wrapKey(KEK, KEY, BINDING);
    expect(() => unwrapKey(Buffer.alloc(32, 3), wrapped, BINDING)).toThrow(WrappedKeyBrokenError);
    expect(() => unwrapKey(KEK, wrapped, { ...BINDING, kekId: 'password' })).toThrow(WrappedKeyBrokenError);
    expect(() => unwrapKey(KEK, wrapped, { ...BINDING, fields: ['a note', 6] })).toThrow(
      WrappedKeyBrokenError,
    );
    expect(() => unwrapKey(KEK, wrapped.subarray(0, 59), BINDING)).toThrow(WrappedKeyBrokenError);
  });

  it('refuse what is no key of 32 bytes, in both directions', () => {
    expect(() => wrapKey(KEK, Buffer.alloc(31), BINDING)).toThrow(RangeError);
    const sealedText = aeadSeal(KEK, Buffer.alloc(31), encodeAad(['a note', 5, 'user']));
    expect(() => unwrapKey(KEK, sealedText, BINDING)).toThrow(WrappedKeyBrokenError);
  });

  it('leave a mistake of the caller what it is', () => {
    const wrapped = wrapKey(KEK, KEY, BINDING);
    expect(() => unwrapKey(Buffer.alloc(16), wrapped, BINDING)).toThrow('Invalid key length');
  });
});

describe('a key commitment', () => {
  it('fits its key and no other, nor a part of itself', () => {
    const commitment = commitToKey(KEY);
    expect(commitment).toHaveLength(32);
    expect(() => {
      verifyKeyCommitment(KEY, commitment);
    }).not.toThrow();
    expect(() => {
      verifyKeyCommitment(KEK, commitment);
    }).toThrow(SealBrokenError);
    expect(() => {
      verifyKeyCommitment(KEY, commitment.subarray(0, 31));
    }).toThrow(SealBrokenError);
  });
});
