import type { BackupConfig } from '../config/app-config.js';

const DAY_MS = 86_400_000;

/**
 * The day (UTC, YYYY-MM-DD) around which the last backup goes that was made before `now`, as long as newer ones are made:
 * after the retention the last one of so many days, weeks and months stays.
 */
export function dayWithoutBackups(
  { retentionDays, keep: { daily, weekly, monthly } }: Pick<BackupConfig, 'retentionDays' | 'keep'>,
  now: Date,
): string {
  const tailDays = Math.max(daily, 7 * weekly, 31 * monthly);
  // One more: a day ends before its last backup does.
  return new Date(now.getTime() + (retentionDays + tailDays + 1) * DAY_MS).toISOString().slice(0, 10);
}
