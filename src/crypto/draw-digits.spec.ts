import { describe, expect, it } from '@jest/globals';
import { drawDigits } from './draw-digits.js';

describe('drawn digits', () => {
  it('are as many as were asked for, zeros at the beginning included', () => {
    const drawn = Array.from({ length: 2_000 }, () => drawDigits(8));
    expect(drawn.every((digits) => /^\d{8}$/.test(digits))).toBe(true);
    expect(drawn.some((digits) => digits.startsWith('0'))).toBe(true);
  });

  it('are spread evenly over every place', () => {
    const counts = Array.from({ length: 8 }, () => Array.from({ length: 10 }, () => 0));
    for (let n = 0; n < 20_000; n += 1)
      Array.from(drawDigits(8)).forEach((digit, place) => (counts[place]![Number(digit)]! += 1));
    // Six standard deviations of 2,000: wrong by chance once in some ten million runs.
    for (const count of counts.flat()) expect(Math.abs(count - 2_000)).toBeLessThan(255);
  });
});
