import { describe, expect, it } from '@jest/globals';
import { normalizeCandidateName } from './normalize-candidate-name.js';

describe('normalizeCandidateName', () => {
  it.each([
    ['in another case', 'Grace HOPPER', 'grace hopper'],
    ['with other white space', ' Grace\u00a0 \tHopper\n', 'Grace Hopper'],
    ['in another Unicode form', 'Zoe\u0308', 'Zo\u00eb'],
    ['with a letter that only upper case joins', 'Strauß', 'STRAUSS'],
  ])('takes a name %s for the same', (_, one, other) => {
    expect(normalizeCandidateName(one)).toBe(normalizeCandidateName(other));
  });

  it('keeps names apart that differ in a letter, an accent or where words end', () => {
    const names = ['Ann Lee', 'Anne Lee', 'Ann Leé', 'AnnLee'];
    expect(new Set(names.map(normalizeCandidateName)).size).toBe(names.length);
  });
});
