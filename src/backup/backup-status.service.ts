import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { ReadinessChecks, type Finding } from '../common/readiness/readiness-checks.js';
import { AppConfig } from '../config/app-config.js';
import { KeysService } from '../keys/keys.service.js';
import { listBackupFiles } from './archive/backup-files.js';
import { explainMissingKeys, keysMissingFor } from './archive/missing-keys.js';
import { backupFinding } from './backup-finding.js';
import { BackupMetrics, type MeasuredBackups } from './backup-metrics.js';
import { BackupsRepository } from './backups.repository.js';
import { withConnection } from './databases/connect.js';
import { dumpToolsFor, NoDumpToolsError } from './databases/dump-tools-for.js';
import { serverMajor } from './databases/sibling-database.js';
import { ClockWatch } from './runs/clock-watch.js';
import { ScheduleMoments } from './runs/schedule-moments.js';

/** Looking for programs runs them; a package that is installed meanwhile is found this much later. */
const LOOK_FOR_TOOLS_EVERY_MS = 60_000;
/** What retained backups need is in a file beside each of them. */
const LOOK_AT_FILES_EVERY_MS = 60_000;

const ONLY_READ = 'The newest backup was only read through, not restored; /admin/backups says why.';

/** Says how the backups do. */
@Injectable()
export class BackupStatusService {
  private readonly watchedSince: Date;
  private readonly moments: ScheduleMoments | undefined;
  private readonly longestGapSeconds: number | undefined;
  private keysMissing: { until: number; detail: Promise<string | undefined> } | undefined;
  private tools: { until: number; missing: Promise<string | undefined> } | undefined;

  constructor(
    private readonly repository: BackupsRepository,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly keys: KeysService,
    private readonly clockWatch: ClockWatch,
    checks: ReadinessChecks,
    metrics: BackupMetrics,
  ) {
    this.watchedSince = clock.now();
    const { cron } = config.backup;
    this.moments = cron === undefined ? undefined : new ScheduleMoments(cron);
    this.longestGapSeconds = this.moments && this.moments.longestGapMs(this.watchedSince) / 1000;
    checks.register('backup', () => this.look());
    metrics.lookWith(() => this.measure());
  }

  private async look(): Promise<Finding> {
    const { moments } = this;
    if (!moments) return { status: 'off' };
    const missing = (await this.missingTools()) ?? (await this.unusableFolder());
    if (missing !== undefined) return { status: 'unavailable', detail: missing };
    const wrongClock = this.clockWatch.look();
    if (wrongClock !== undefined) return { status: 'degraded', detail: wrongClock };
    const verified = await this.repository.lastVerified(2);
    const last = await this.repository.lastEnded();
    const now = this.clock.now();
    const finding = backupFinding(
      {
        momentAfter: (at, nth) => moments.after(at, nth),
        watchedSince: this.watchedSince,
        verified: verified.flatMap(({ finishedAt, bytes }) =>
          finishedAt && bytes !== null ? [{ finishedAt, bytes }] : [],
        ),
        hasLastFailed: last?.state === 'failed',
      },
      now,
    );
    if (finding.status !== 'ok') return finding;
    const detail = await this.missingKeys();
    if (detail !== undefined) return { status: 'degraded', detail };
    if (finding.detail === undefined && verified[0]?.note) return { status: 'ok', detail: ONLY_READ };
    return finding;
  }

  /** @returns why BACKUP_DIR cannot be used, if it cannot; one that is not there yet will be made */
  private async unusableFolder(): Promise<string | undefined> {
    const { dir } = this.config.backup;
    try {
      if (!(await stat(dir)).isDirectory()) return 'BACKUP_DIR is not a folder: set another one.';
      await access(dir, constants.W_OK);
      return undefined;
    } catch (error) {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      return `BACKUP_DIR cannot be written to (${code}): make it writable, or set another one.`;
    }
  }

  /** @returns which keys only retained backups need, if there are such */
  private missingKeys(): Promise<string | undefined> {
    const now = this.clock.now().getTime();
    if (!this.keysMissing || this.keysMissing.until <= now)
      this.keysMissing = { until: now + LOOK_AT_FILES_EVERY_MS, detail: this.lookForKeys() };
    return this.keysMissing.detail;
  }

  private async lookForKeys(): Promise<string | undefined> {
    const backups = await listBackupFiles(this.config.backup.dir);
    return explainMissingKeys(keysMissingFor(backups, this.keys.ring.ids));
  }

  /** What there is of backups, as the metrics show it. */
  async measure(): Promise<MeasuredBackups> {
    const [newest] = await this.repository.lastVerified(1);
    const restored = await this.repository.lastRestored();
    return {
      intervalSeconds: this.longestGapSeconds,
      lastSuccess: newest?.finishedAt ?? undefined,
      lastVerified: restored?.verifiedAt ?? undefined,
      durationSeconds: newest?.finishedAt ? secondsBetween(newest.startedAt, newest.finishedAt) : undefined,
      bytes: newest?.bytes ?? undefined,
    };
  }

  /** @returns what to install, if pg_dump or pg_restore is missing */
  missingTools(): Promise<string | undefined> {
    const now = this.clock.now().getTime();
    if (!this.tools || this.tools.until <= now)
      this.tools = { until: now + LOOK_FOR_TOOLS_EVERY_MS, missing: this.lookForTools() };
    return this.tools.missing;
  }

  private async lookForTools(): Promise<string | undefined> {
    try {
      const major = await withConnection(this.config.database.direct, serverMajor);
      await dumpToolsFor(major, this.config.programs);
      return undefined;
    } catch (error) {
      if (error instanceof NoDumpToolsError) return error.message;
      this.tools = undefined;
      throw error;
    }
  }
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000;
}
