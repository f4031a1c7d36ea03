import type { BackupFile } from './backup-files.js';

const DAY_MS = 86_400_000;

export interface RetentionRule {
  readonly retentionDays: number;
  /** How many days, weeks and months past the retention keep their last backup. */
  readonly keep: { readonly daily: number; readonly weekly: number; readonly monthly: number };
}

/**
 * Which backups may go. Never the newest, never the newest that was restored and not only read, and none at all while one is dated after `now`: a clock was or is wrong,
 * and age means nothing.
 * @param backups any order
 */
export function expiredBackups(
  backups: readonly BackupFile[],
  { retentionDays, keep }: RetentionRule,
  now: Date,
): BackupFile[] {
  const newestFirst = [...backups].sort((a, b) => takenAt(b) - takenAt(a));
  const [newest] = newestFirst;
  if (!newest || takenAt(newest) > now.getTime()) return [];
  const newestRestored = newestFirst.find(({ manifest }) => manifest.verification === 'restore');
  const old = newestFirst.filter(
    (backup) =>
      backup !== newest &&
      backup !== newestRestored &&
      takenAt(backup) < now.getTime() - retentionDays * DAY_MS,
  );
  const kept = new Set([
    ...lastOfEach(old, keep.daily, (at) => at.toISOString().slice(0, 10)),
    ...lastOfEach(old, keep.weekly, isoWeek),
    ...lastOfEach(old, keep.monthly, (at) => at.toISOString().slice(0, 7)),
  ]);
  return old.filter((backup) => !kept.has(backup));
}

/** The newest backup of each of the newest `periods` periods. */
function lastOfEach(
  newestFirst: readonly BackupFile[],
  periods: number,
  periodOf: (at: Date) => string,
): BackupFile[] {
  const last = new Map<string, BackupFile>();
  for (const backup of newestFirst) {
    const period = periodOf(new Date(backup.manifest.taken_at));
    if (!last.has(period)) last.set(period, backup);
  }
  return [...last.values()].slice(0, periods);
}

/** The Monday of the week (ISO 8601), in UTC. */
function isoWeek(at: Date): string {
  const sinceMonday = (at.getUTCDay() + 6) % 7;
  return new Date(at.getTime() - sinceMonday * DAY_MS).toISOString().slice(0, 10);
}

function takenAt({ manifest }: BackupFile): number {
  return Date.parse(manifest.taken_at);
}
