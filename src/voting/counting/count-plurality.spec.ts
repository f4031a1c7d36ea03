import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countPlurality, type PluralityBallots } from './count-plurality.js';

const CANDIDATES = [1, 2, 3, 5];

const ballots: fc.Arbitrary<PluralityBallots[]> = fc.array(
  fc.record({
    ballot: fc.record({ candidate_id: fc.constantFrom(...CANDIDATES) }),
    weight: fc.integer({ min: 1, max: 1_000 }),
    count: fc.integer({ min: 1, max: 1_000_000 }),
  }),
);

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

describe('countPlurality', () => {
  it('counts every candidate, also one without votes, in the order given', () => {
    const cast = [
      { ballot: { candidate_id: 1 }, weight: 1, count: 2 },
      { ballot: { candidate_id: 3 }, weight: 5, count: 1 },
      { ballot: { candidate_id: 1 }, weight: 3, count: 1 },
    ];
    expect(countPlurality([3, 2, 1], cast)).toEqual([
      { candidateId: 3, votes: 5 },
      { candidateId: 2, votes: 0 },
      { candidateId: 1, votes: 5 },
    ]);
  });

  it('gives the same count in whatever order the ballots come', () => {
    const shuffled = ballots.chain((cast) =>
      fc.tuple(
        fc.constant(cast),
        fc.shuffledSubarray(cast, { minLength: cast.length, maxLength: cast.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([cast, permuted]) => {
        expect(countPlurality(CANDIDATES, permuted)).toEqual(countPlurality(CANDIDATES, cast));
      }),
    );
  });

  it('gives the same count however alike ballots are grouped', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...CANDIDATES)), (choices) => {
        const single = choices.map((candidate_id) => ({ ballot: { candidate_id }, weight: 1, count: 1 }));
        const grouped = [...new Set(choices)].map((candidate_id) => ({
          ballot: { candidate_id },
          weight: 1,
          count: choices.filter((choice) => choice === candidate_id).length,
        }));
        expect(countPlurality(CANDIDATES, grouped)).toEqual(countPlurality(CANDIDATES, single));
      }),
    );
  });

  it('gives out exactly the weight that was cast', () => {
    fc.assert(
      fc.property(ballots, (cast) => {
        const votes = countPlurality(CANDIDATES, cast).map((candidate) => candidate.votes);
        expect(sum(votes)).toBe(sum(cast.map(({ weight, count }) => weight * count)));
      }),
    );
  });

  it('refuses a ballot for somebody who does not stand, instead of losing it', () => {
    expect(() => countPlurality([1], [{ ballot: { candidate_id: 2 }, weight: 1, count: 1 }])).toThrow(
      RangeError,
    );
  });
});
