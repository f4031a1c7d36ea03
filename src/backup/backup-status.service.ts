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
import { intervalOf } from './runs/interval-of.js';

/** Looking for programs runs them; a package that is installed meanwhile is found this much later. */
const LOOK_FOR_TOOLS_EVERY_MS = 60_000;
/** What retained backups need is in a file beside each of them. */
const LOOK_AT_FILES_EVERY_MS = 60_000;

/** Says how the backups do. */
@Injectable()
export class BackupStatusService {
  private readonly watchedSince: Date;
  private keysMissing: { until: number; detail: Promise<string | undefined> } | undefined;
  private tools: { until: number; missing: Promise<string | undefined> } | undefined;

  constructor(
    private readonly repository: BackupsRepository,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly keys: KeysService,
    checks: ReadinessChecks,
    metrics: BackupMetrics,
  ) {
    this.watchedSince = clock.now();
    checks.register('backup', () => this.look());
    metrics.lookWith(() => this.measure());
  }

  private async look(): Promise<Finding> {
    const { cron } = this.config.backup;
    if (cron === undefined) return { status: 'off' };
    const missing = await this.missingTools();
    if (missing !== undefined) return { status: 'unavailable', detail: missing };
    const verified = await this.repository.lastVerified(2);
    const last = await this.repository.lastEnded();
    const now = this.clock.now();
    const finding = backupFinding(
      {
        intervalMs: intervalOf(cron, now),
        watchedSince: this.watchedSince,
        verified: verified.flatMap(({ finishedAt, bytes }) =>
          finishedAt && bytes !== null ? [{ finishedAt, bytes }] : [],
        ),
        lastFailure: last?.state === 'failed' ? last.error : null,
      },
      now,
    );
    const detail = await this.missingKeys();
    return finding.status === 'ok' && detail !== undefined ? { status: 'degraded', detail } : finding;
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

  private async measure(): Promise<MeasuredBackups> {
    const [newest] = await this.repository.lastVerified(1);
    const restored = await this.repository.lastRestored();
    const { cron } = this.config.backup;
    return {
      intervalSeconds: cron === undefined ? undefined : intervalOf(cron, this.clock.now()) / 1000,
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
