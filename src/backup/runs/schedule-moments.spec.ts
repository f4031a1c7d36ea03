import { expect, it } from '@jest/globals';
import { ScheduleMoments } from './schedule-moments.js';

const HOUR = 3_600_000;
const at = (text: string) => new Date(`${text}Z`);

it('the moments of a schedule are told in UTC, one after another', () => {
  const hourly = new ScheduleMoments('0 * * * *');
  expect(hourly.after(at('2026-03-01T12:00:07'))).toEqual(at('2026-03-01T13:00:00'));
  expect(hourly.after(at('2026-03-01T13:00:00'), 2)).toEqual(at('2026-03-01T15:00:00'));
});

it('the longest gap is that over a night or a week-end, where there is one', () => {
  const from = at('2026-03-02T12:00:00');
  expect(new ScheduleMoments('0 * * * *').longestGapMs(from)).toBe(HOUR);
  expect(new ScheduleMoments('0 8-18 * * 1-5').longestGapMs(from)).toBe((48 + 14) * HOUR);
  expect(new ScheduleMoments('0 3 1 * *').longestGapMs(from)).toBe(30 * 24 * HOUR);
});
