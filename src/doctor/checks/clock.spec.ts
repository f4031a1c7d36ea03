import { describe, expect, it } from '@jest/globals';
import type { Answer } from '../probes/ask.js';
import { dateReading, judgeClock } from './clock.js';

describe('a clock', () => {
  it.each([
    [0, 0, 'ok'],
    [1_000, 0, 'ok'],
    [1_001, 0, 'warning'],
    [-1_001, 0, 'warning'],
    [10_000, 0, 'warning'],
    [10_001, 0, 'problem'],
    [-10_001, 0, 'problem'],
    // As much as the way there and back may have cost is held against nobody.
    [3_000, 2_000, 'ok'],
    [12_000, 2_500, 'warning'],
  ])('that is %i ms ahead, give or take %i, is %s', (aheadMs, uncertainMs, verdict) => {
    expect(judgeClock({ aheadMs, uncertainMs }, 'the database').verdict).toBe(verdict);
  });

  it('is told with its direction', () => {
    const found = (aheadMs: number) => judgeClock({ aheadMs, uncertainMs: 0 }, 'the database').found;
    expect(found(61_500)).toBe("That of the database is 61.5 s ahead of this machine's.");
    expect(found(-61_500)).toBe("That of the database is 61.5 s behind this machine's.");
  });
});

describe('the Date of an answer', () => {
  const at = new Date('2026-01-05T09:30:00.400Z');
  const answer = (date: string, body = '{"name":"MC101","version":"1.2.3"}'): Answer => ({
    status: 200,
    headers: { date },
    body,
    sentAt: at,
    receivedAt: at,
  });

  it('of this very second is no difference, and of a minute ago is one', () => {
    const verdictOf = (date: string) => judgeClock(dateReading(answer(date))!, 'the service').verdict;
    expect(verdictOf('Mon, 05 Jan 2026 09:30:00 GMT')).toBe('ok');
    expect(verdictOf('Mon, 05 Jan 2026 09:29:56 GMT')).toBe('warning');
    expect(verdictOf('Mon, 05 Jan 2026 09:29:00 GMT')).toBe('problem');
  });

  it('counts only from the service itself, and only if it is one', () => {
    expect(dateReading(answer('Mon, 05 Jan 2026 09:29:00 GMT', '<h1>It works!</h1>'))).toBeUndefined();
    expect(dateReading(answer('yesterday'))).toBeUndefined();
    expect(dateReading({ silent: 'ECONNREFUSED' })).toBeUndefined();
  });
});
