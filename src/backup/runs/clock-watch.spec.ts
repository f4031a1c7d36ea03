import { expect, it } from '@jest/globals';
import { ClockWatch } from './clock-watch.js';

const HOUR = 3_600_000;

function watch() {
  const clock = { time: new Date('2026-03-01T12:00:00Z'), now: () => clock.time };
  return { clock, watch: new ClockWatch(clock) };
}

it('a clock that is corrected by minutes is nothing', () => {
  const { clock, watch: watching } = watch();
  clock.time = new Date(clock.time.getTime() + HOUR);
  expect(watching.look(new Date(clock.time.getTime() - HOUR))).toBeUndefined();
});

it.each([30 * 24, -30 * 24])('a clock that was set by %i hours is noticed, and stays so', (hours) => {
  const { clock, watch: watching } = watch();
  const right = clock.time;
  clock.time = new Date(right.getTime() + hours * HOUR);
  expect(watching.look()).toContain('The clock was set by 720 hours');
  clock.time = right;
  expect(watching.look()).toContain('720 hours');
});

it('a database whose clock is another is noticed', () => {
  const { clock, watch: watching } = watch();
  expect(watching.look(new Date(clock.time.getTime() - 7 * HOUR))).toContain('7 hours apart');
});
