import type { Finding } from '../common/readiness/readiness-checks.js';

/** A run that is under way when it is looked at is not late yet. */
const GRACE_MS = 10 * 60_000;
const MISSED = 2;
/** A file smaller than this part of the one before is reported. */
const SHRUNK_PART = 0.5;

interface VerifiedRun {
  readonly finishedAt: Date;
  readonly bytes: number;
}

/** What is known of the backups at one moment. */
export interface BackupFacts {
  /** The nth moment of the schedule after a time. */
  readonly momentAfter: (at: Date, nth: number) => Date;
  /** Since when this process keeps the schedule. */
  readonly watchedSince: Date;
  /** The newest runs that were verified, newest first. */
  readonly verified: readonly VerifiedRun[];
  /** Whether the newest run failed. Why is for admins alone: it may name hosts and folders. */
  readonly hasLastFailed: boolean;
}

/** Whether a backup of `bytes` is so much smaller than the one before that something may be missing in it. */
export function hasShrunk(bytes: number, before: number): boolean {
  return bytes < before * SHRUNK_PART;
}

/** How the backups do, for `/ready`. */
export function backupFinding(facts: BackupFacts, now: Date): Finding {
  const [newest, before] = facts.verified;
  const isLateAfter = (at: Date) => now.getTime() > facts.momentAfter(at, MISSED).getTime() + GRACE_MS;
  const failure = facts.hasLastFailed ? ' The last run failed; /admin/backups and the log say why.' : '';
  if (!newest) {
    if (isLateAfter(facts.watchedSince))
      return { status: 'degraded', detail: `No backup has been verified yet.${failure}` };
    return { status: 'ok', detail: `The first backup has not been made yet.${failure}` };
  }
  const ageMs = now.getTime() - newest.finishedAt.getTime();
  if (isLateAfter(newest.finishedAt))
    return {
      status: 'degraded',
      detail: `The newest verified backup is of ${newest.finishedAt.toISOString()}.${failure || ' No run has succeeded since; see the log.'}`,
    };
  if (ageMs < -GRACE_MS)
    return {
      status: 'degraded',
      detail: `The newest backup is dated in the future (${newest.finishedAt.toISOString()}): correct the clock. Until then none expires.`,
    };
  if (before && hasShrunk(newest.bytes, before.bytes))
    return {
      status: 'degraded',
      detail: `The newest backup has ${newest.bytes} bytes and the one before ${before.bytes}: see whether data were lost.`,
    };
  return failure === '' ? { status: 'ok' } : { status: 'ok', detail: failure.trim() };
}
