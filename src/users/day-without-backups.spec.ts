import { describe, expect, it } from '@jest/globals';
import { dayWithoutBackups } from './day-without-backups.js';

const now = new Date('2026-03-01T23:30:00Z');
const none = { daily: 0, weekly: 0, monthly: 0 };

describe('the day without backups of today', () => {
  it('is a day after the retention', () => {
    expect(dayWithoutBackups({ retentionDays: 7, keep: none }, now)).toBe('2026-03-09');
  });

  it.each([
    [{ ...none, daily: 5 }, '2026-03-14'],
    [{ ...none, weekly: 4 }, '2026-04-06'],
    [{ ...none, monthly: 12 }, '2027-03-16'],
    [{ daily: 30, weekly: 4, monthly: 0 }, '2026-04-08'],
  ])('is later by the longest tail of %j', (keep, day) => {
    expect(dayWithoutBackups({ retentionDays: 7, keep }, now)).toBe(day);
  });
});
