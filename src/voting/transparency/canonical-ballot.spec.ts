import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBallot } from './canonical-ballot.js';

describe('canonicalBallot', () => {
  it('writes a plurality ballot as one field', () => {
    expect(canonicalBallot({ candidate_id: 7 })).toBe('{"candidate_id":7}');
  });

  it('writes the weight only when it is not 1, in its place among the fields', () => {
    expect(canonicalBallot({ candidate_id: 7 }, 1)).toBe('{"candidate_id":7}');
    expect(canonicalBallot({ candidate_id: 7 }, 3)).toBe('{"candidate_id":7,"weight":3}');
    expect(canonicalBallot({ zeal: 1, approvals: [2] }, 3)).toBe('{"approvals":[2],"weight":3,"zeal":1}');
  });

  it('sorts fields as text, not as numbers, and keeps the order of a list', () => {
    expect(canonicalBallot({ scores: { 10: 1, 9: 2 } })).toBe('{"scores":{"10":1,"9":2}}');
    expect(canonicalBallot({ ranking: [9, null, [4, 2]] })).toBe('{"ranking":[9,null,[4,2]]}');
  });

  it('gives the same text whatever the order in which fields were written', () => {
    const ballots = fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), fc.maxSafeInteger(), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(ballots, (ballot) => {
        const backwards = Object.fromEntries(Object.entries(ballot).reverse());
        expect(canonicalBallot(backwards)).toBe(canonicalBallot(ballot));
        expect(JSON.parse(canonicalBallot(ballot))).toEqual(JSON.parse(JSON.stringify(ballot)));
      }),
    );
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses the number %p', (number) => {
    expect(() => canonicalBallot({ candidate_id: number })).toThrow(RangeError);
  });
});
