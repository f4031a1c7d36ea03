import { expect, it } from '@jest/globals';
import { DoubtedSessions } from './doubted-sessions.js';

const clock = { ms: 0, now: () => new Date(clock.ms) };

it('a session is doubted for a minute from the last time, or until it was seen alive', () => {
  const doubted = new DoubtedSessions(clock);
  doubted.add('a');
  clock.ms += 30_000;
  doubted.add('a');
  doubted.add('b');
  clock.ms += 59_999;
  expect([doubted.has('a'), doubted.has('b'), doubted.has('c')]).toEqual([true, true, false]);
  doubted.delete('b');
  expect(doubted.has('b')).toBe(false);
  clock.ms += 1;
  expect(doubted.has('a')).toBe(false);
});

it('however many there are, the latest ten thousand are kept', () => {
  const doubted = new DoubtedSessions(clock);
  for (let n = 0; n < 10_001; n += 1) doubted.add(String(n));
  expect([doubted.has('0'), doubted.has('1'), doubted.has('10000')]).toEqual([false, true, true]);
});
