import path from 'node:path';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { isError } from '../common/errors/is-error.js';
import { ErrorReports } from '../common/error-reporting/error-reports.js';
import { decodeIdCursor, pageOf } from '../common/http/cursor.js';
import type { PagingQuery } from '../common/http/paging.dto.js';
import { AppConfig } from '../config/app-config.js';
import { KeysService } from '../keys/keys.service.js';
import {
  listOwnBackupFiles,
  prepareBackupFolder,
  removeBackup,
  removeUnfinished,
  type BackupFile,
} from './archive/backup-files.js';
import { sweepPassFiles } from './archive/libpq.js';
import { expiredBackups } from './archive/retention.js';
import type { Manifest } from './archive/manifest.js';
import { BackupFailedError } from './backup-failed-error.js';
import { explainingFileFailures } from './file-failures.js';
import { BackupAlarms } from './backup-alarms.js';
import type { BackupReason } from './backup.entity.js';
import { hasShrunk } from './backup-finding.js';
import { BackupMetrics } from './backup-metrics.js';
import { BackupNotFoundError, BackupRunningError } from './backup.errors.js';
import {
  toBackupResponse,
  type BackupPage,
  type BackupResponse,
  type BackupStarted,
} from './backup.response.dto.js';
import { BackupsRepository } from './backups.repository.js';
import { withConnection } from './databases/connect.js';
import { readServiceIdentity } from './databases/service-identity.js';
import { withBackupLock } from './databases/backup-lock.js';
import { dropLeftRestored } from './databases/restored-names.js';
import { DeletionLedger } from './ledger/deletion-ledger.service.js';
import { ClockWatch } from './runs/clock-watch.js';
import { makeBackup } from './runs/make-backup.js';
import { proofRule } from './runs/proof-rule.js';
import { dropLeftScratch } from './runs/verify-archive.js';

const STOPPED = 'The service was stopped before the backup was done.';
const INTERRUPTED = 'The process that made it ended before it was done.';

interface RunOrder {
  reason: BackupReason;
  /** The moment of the schedule; a run for the same one leaves it at that. */
  slot?: Date;
  /** Asked under the lock, where another process may have done the work just now. */
  isNeeded?: () => Promise<boolean>;
  onStep?: (step: string) => void;
}

/** Makes backups, one at a time over all processes, and keeps the account of them. */
@Injectable()
export class BackupsService implements OnModuleDestroy {
  private readonly logger = new Logger('backup');
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly repository: BackupsRepository,
    private readonly config: AppConfig,
    private readonly keys: KeysService,
    private readonly alarms: BackupAlarms,
    private readonly metrics: BackupMetrics,
    private readonly reports: ErrorReports,
    private readonly ledger: DeletionLedger,
    private readonly clock: Clock,
    private readonly clockWatch: ClockWatch,
    private readonly audit: AuditService,
  ) {}

  /** Ends the run of this process: its programs, its scratch database, its half file. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new BackupFailedError(STOPPED));
    await Promise.allSettled(this.running);
  }

  async list({ limit, cursor }: PagingQuery): Promise<BackupPage> {
    const found = await this.repository.list({ beforeId: decodeIdCursor(cursor), limit: limit + 1 });
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => [id]);
    return { items: items.map(toBackupResponse), next_cursor };
  }

  /** @throws BackupNotFoundError */
  async get(id: number): Promise<BackupResponse> {
    const backup = await this.repository.find(id);
    if (!backup) throw new BackupNotFoundError();
    return toBackupResponse(backup);
  }

  /** Begins a run and answers before it has ended. @throws BackupRunningError */
  async start(): Promise<BackupStarted> {
    const begun = Promise.withResolvers<number | undefined>();
    this.run({ reason: 'manual' }, begun.resolve).then(
      // Without a lock nothing was begun.
      () => {
        begun.resolve(undefined);
      },
      begun.reject,
    );
    const id = await begun.promise;
    if (id === undefined) throw new BackupRunningError();
    return { id };
  }

  /**
   * Makes a backup. What fails is in the account before it is thrown.
   * @param onBegun told the run's id
   * @returns undefined when another process has the lock, or the run is not needed
   * @throws BackupFailedError
   */
  run(order: RunOrder, onBegun?: (id: number) => void): Promise<BackupFile | undefined> {
    const run = withBackupLock(this.config.database.direct, (lost) =>
      this.runUnderLock(order, AbortSignal.any([lost, this.stopping.signal]), onBegun),
    ).then((locked) => locked?.done);
    this.running.add(run);
    const forget = () => this.running.delete(run);
    run.then(forget, forget);
    return run;
  }

  private async runUnderLock(
    { reason, slot, isNeeded, onStep = () => undefined }: RunOrder,
    signal: AbortSignal,
    onBegun: ((id: number) => void) | undefined,
  ): Promise<BackupFile | undefined> {
    await this.repository.failInterrupted(INTERRUPTED);
    if (isNeeded && !(await isNeeded())) return undefined;
    const id = await this.repository.begin(reason, slot ?? null);
    if (id === undefined) return undefined;
    onBegun?.(id);
    const hasFailedBefore = await this.repository.hasFailedSinceSuccess([INTERRUPTED, STOPPED]);
    let made: BackupFile;
    try {
      made = await explainingFileFailures(() => this.make(id, reason, signal, onStep));
      await this.account(id, made);
    } catch (error) {
      await this.tellFailure(id, error);
      throw error;
    }
    this.metrics.countRun('success');
    await this.afterSuccess(id, made, hasFailedBefore);
    return made;
  }

  private async tellFailure(id: number, error: unknown): Promise<void> {
    const why = isError(error) ? error.message : String(error);
    // Also while the database is away: the next run ends the row.
    await this.repository
      .transaction(async (manager) => {
        await this.repository.fail(manager, id, why);
        await this.audit.record('backup_failed', { details: { backup: id } }, manager);
      })
      .catch(() => undefined);
    if (this.stopping.signal.aborted) {
      this.logger.log(
        { event_type: 'backup_given_up', backup: id },
        'the backup was given up, because the service stops',
      );
      return;
    }
    this.logger.error({ event_type: 'backup_failed', err: error, backup: id }, 'the backup failed');
    this.metrics.countRun('failure');
    this.reports.report(error, { task: 'backup' });
    await this.tell(() => this.alarms.failed(why));
  }

  private async make(
    runId: number,
    reason: BackupReason,
    signal: AbortSignal,
    onStep: (step: string) => void,
  ): Promise<BackupFile> {
    const { dir } = this.config.backup;
    await prepareBackupFolder(dir);
    const { direct } = this.config.database;
    const installation = await withConnection(direct, readServiceIdentity);
    await removeUnfinished(dir, installation);
    await sweepPassFiles(direct);
    await dropLeftScratch(direct);
    await dropLeftRestored(direct);
    await this.ledger.completeFile();
    const earlier = await listOwnBackupFiles(dir, installation);
    return makeBackup({
      reason,
      runId,
      dir,
      url: direct,
      programs: this.config.programs,
      ring: this.keys.ring,
      proof: proofRule(this.config.backup, earlier, this.clock.now()),
      last: earlier.at(-1)?.manifest,
      databaseFolder: this.config.databaseFolder,
      now: () => this.clock.now(),
      signal,
      onStep,
    });
  }

  private async account(id: number, { file, manifest }: BackupFile): Promise<void> {
    const { bytes, sha256, verification, note = null } = manifest;
    const verifiedAt = new Date(manifest.verified_at);
    const name = path.basename(file);
    await this.repository.transaction(async (manager) => {
      await this.repository.succeed(manager, id, {
        file: name,
        bytes,
        sha256,
        verifiedAt,
        verification,
        note,
      });
      await this.audit.record(
        'backup_created',
        { details: { backup: id, file: name, sha256, reason: manifest.reason } },
        manager,
      );
    });
    this.logger.log(
      { event_type: 'backup_created', backup: id, file: name, bytes, verification, note },
      'a backup was made',
    );
  }

  /** The backup is made, whatever becomes of this. */
  private async afterSuccess(id: number, { manifest }: BackupFile, hasFailedBefore: boolean): Promise<void> {
    const [, before] = await this.repository.lastVerified(2).catch(() => []);
    const { bytes } = manifest;
    try {
      await this.prune(manifest);
    } catch (error) {
      this.logger.error(
        { event_type: 'backup_retention_failed', err: error },
        'expired backups could not be deleted',
      );
      this.reports.report(error, { task: 'backup' });
    }
    if (before?.bytes && hasShrunk(bytes, before.bytes)) {
      const sizes = { bytes, before: before.bytes };
      this.logger.error(
        { event_type: 'backup_shrunk', backup: id, ...sizes },
        'the backup is much smaller than the one before',
      );
      await this.tell(() => this.alarms.shrunk(sizes.bytes, sizes.before));
    }
    if (hasFailedBefore) await this.tell(() => this.alarms.recovered());
  }

  /** Whoever is told may fail at it; the backup has not. */
  private async tell(alarm: () => Promise<void>): Promise<void> {
    try {
      await alarm();
    } catch (error) {
      this.logger.error(
        { event_type: 'backup_alarm_failed', err: error },
        'somebody could not be told of the backup',
      );
    }
  }

  /** By the database's clock, which dated them. */
  private async prune({ installation, taken_at: takenAt }: Manifest): Promise<void> {
    const now = new Date(takenAt);
    const wrongClock = this.clockWatch.look(now);
    if (wrongClock !== undefined) {
      this.logger.error({ event_type: 'clock_wrong', detail: wrongClock }, 'no backup was deleted');
      return;
    }
    const own = await listOwnBackupFiles(this.config.backup.dir, installation);
    const expired = expiredBackups(own, this.config.backup, now);
    const names: string[] = [];
    for (const { file } of expired) {
      try {
        await removeBackup(file);
        names.push(path.basename(file));
      } catch (error) {
        this.logger.error(
          { event_type: 'backup_retention_failed', err: error, file: path.basename(file) },
          'an expired backup could not be deleted',
        );
      }
    }
    if (names.length > 0) await this.repository.forgetFiles(names);
  }
}
