import { describe, expect, it } from '@jest/globals';
import { leafHash } from './leaf-hash.js';

const NONCE = Buffer.from(Array.from({ length: 32 }, (_, index) => index));

describe('leafHash', () => {
  // Computed with Python's hashlib and struct from the format's description.
  it.each([
    [
      { electionId: 1, nonce: NONCE, ballot: '{"candidate_id":7}' },
      'fb128246ab4deb8339c6d45c5bccf52caa2395caed43254ea4e9b8b156058d03',
    ],
    [
      { electionId: 1, nonce: NONCE, ballot: '{"candidate_id":7,"weight":3}' },
      '05c27a4bda72aaede7ecf52f44aa3ee1d33c143a7ba4290f30ae749bfaa2fda6',
    ],
    [
      { electionId: 2 ** 53 - 1, nonce: Buffer.alloc(32, 0xff), ballot: '{"candidate_id":2147483648}' },
      '39d34cd34793ba6cf38d4205a51db531463e9fb2778ddac7ab6ed405e4b758f6',
    ],
  ])('of %j is known', (leaf, expected) => {
    expect(leafHash(leaf).toString('hex')).toBe(expected);
  });

  it('differs with the election, the nonce and the ballot', () => {
    const leaf = { electionId: 1, nonce: NONCE, ballot: '{"candidate_id":7}' };
    const hashes = [
      leaf,
      { ...leaf, electionId: 2 },
      { ...leaf, nonce: Buffer.alloc(32, 1) },
      { ...leaf, ballot: '{"candidate_id":8}' },
    ].map((other) => leafHash(other).toString('hex'));
    expect(new Set(hashes).size).toBe(4);
  });

  it.each([0, 31, 33])('refuses a nonce of %p bytes', (length) => {
    expect(() => leafHash({ electionId: 1, nonce: Buffer.alloc(length), ballot: '{}' })).toThrow(RangeError);
  });
});
