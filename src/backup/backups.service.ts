import path from 'node:path';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../common/clock.js';
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
import { makeBackup } from './runs/make-backup.js';
import { proofRule } from './runs/proof-rule.js';
import { dropLeftScratch } from './runs/verify-archive.js';

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
  ) {}

  /** Ends the run of this process: its programs, its scratch database, its half file. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('The service was stopped before the backup was done.'));
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
    const failedBefore = (await this.repository.lastEnded())?.state === 'failed';
    try {
      const made = await this.make(id, reason, signal, onStep);
      await this.account(id, made);
      this.metrics.countRun('success');
      if (failedBefore) await this.alarms.recovered();
      return made;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // Also while the database is away: the next run ends the row.
      await this.repository.fail(id, why).catch(() => undefined);
      this.logger.error({ err: error, backup: id }, 'the backup failed');
      this.metrics.countRun('failure');
      if (!this.stopping.signal.aborted) {
        this.reports.report(error, { task: 'backup' });
        await this.alarms.failed(why);
      }
      throw error;
    }
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
      lastBytes: earlier.at(-1)?.manifest.bytes,
      signal,
      onStep,
    });
  }

  private async account(id: number, { file, manifest }: BackupFile): Promise<void> {
    const [before] = await this.repository.lastVerified(1);
    await this.repository.succeed(id, {
      file: path.basename(file),
      bytes: manifest.bytes,
      sha256: manifest.sha256,
      verifiedAt: new Date(manifest.verified_at),
      verification: manifest.verification,
    });
    const { bytes, verification } = manifest;
    this.logger.log({ backup: id, file: path.basename(file), bytes, verification }, 'a backup was made');
    await this.prune(manifest.installation);
    if (before?.bytes && hasShrunk(bytes, before.bytes)) {
      this.logger.error(
        { backup: id, bytes, before: before.bytes },
        'the backup is much smaller than the one before',
      );
      await this.alarms.shrunk(bytes, before.bytes);
    }
  }

  private async prune(installation: string | null): Promise<void> {
    const { dir } = this.config.backup;
    const expired = expiredBackups(
      await listOwnBackupFiles(dir, installation),
      this.config.backup,
      this.clock.now(),
    );
    for (const { file } of expired) await removeBackup(file);
    const names = expired.map(({ file }) => path.basename(file));
    if (names.length > 0) await this.repository.forgetFiles(names);
  }
}
