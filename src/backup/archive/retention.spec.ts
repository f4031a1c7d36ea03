import { describe, expect, it } from '@jest/globals';
import type { BackupFile } from './backup-files.js';
import { expiredBackups, type RetentionRule } from './retention.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new Date('2026-03-18T12:30:00Z');

const backup = (at: Date, verification: 'restore' | 'read' = 'restore'): BackupFile => ({
  file: at.toISOString(),
  manifest: { taken_at: at.toISOString(), verification } as BackupFile['manifest'],
});
const hourly = (hours: number) =>
  Array.from({ length: hours }, (_, n) => backup(new Date(NOW.getTime() - n * HOUR)));

const rule = (changes: Partial<RetentionRule['keep']> = {}): RetentionRule => ({
  retentionDays: 7,
  keep: { daily: 0, weekly: 0, monthly: 0, ...changes },
});
const left = (backups: BackupFile[], given: RetentionRule, now = NOW) => {
  const gone = new Set(expiredBackups(backups, given, now));
  return backups.filter((one) => !gone.has(one)).map(({ file }) => file);
};

describe('which backups expire', () => {
  it('are those past the retention', () => {
    const kept = left(hourly(24 * 10), rule());
    expect(kept).toHaveLength(24 * 7 + 1);
    expect(kept.at(-1)).toBe('2026-03-11T12:30:00.000Z');
  });

  it('never the newest, however old', () => {
    const [ancient, older] = [backup(new Date('2020-01-02Z')), backup(new Date('2020-01-01Z'))];
    expect(left([older, ancient], rule())).toEqual([ancient.file]);
    expect(left([], rule())).toEqual([]);
  });

  it('never the newest that was restored, however many were only read since', () => {
    const days = (count: number, how: 'restore' | 'read') =>
      backup(new Date(NOW.getTime() - count * DAY), how);
    const [older, restored, read] = [days(30, 'restore'), days(20, 'restore'), days(10, 'read')];
    const newest = days(0, 'read');
    expect(left([older, restored, read, newest], rule())).toEqual([restored.file, newest.file]);
  });

  it('none while one is dated in the future', () => {
    const future = backup(new Date(NOW.getTime() + 400 * DAY));
    expect(left([...hourly(24 * 30), future], rule())).toHaveLength(24 * 30 + 1);
  });

  it('but for the last of each day, week and month that are to be kept', () => {
    const year = hourly(24 * 366);
    const kept = left(year, rule({ daily: 3, weekly: 2, monthly: 2 }));
    expect(kept.slice(24 * 7 + 1)).toEqual([
      // daily, of which the newest is the week's and the month's too
      '2026-03-11T11:30:00.000Z',
      '2026-03-10T23:30:00.000Z',
      '2026-03-09T23:30:00.000Z',
      // weekly: Sundays
      '2026-03-08T23:30:00.000Z',
      // monthly
      '2026-02-28T23:30:00.000Z',
    ]);
  });
});
