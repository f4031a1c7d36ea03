import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { Clock } from '../common/clock.js';
import { AppConfig } from '../config/app-config.js';
import { BackupFailedError } from './backup-failed-error.js';
import { BackupStatusService } from './backup-status.service.js';
import { BackupsRepository } from './backups.repository.js';
import { BackupsService } from './backups.service.js';
import { ScheduleMoments } from './runs/schedule-moments.js';

/** The database's clock and this one may differ a little. */
const CLOCKS_APART_MS = 10 * 60_000;

/** A tick may come this much off the moment that was planned: later, and the clock was set meanwhile. */
const PUNCTUAL_MS = 60_000;

interface Attempt {
  slot?: Date;
  isNeeded?: () => Promise<boolean>;
}

/** Makes backups by the clock. Every process has one; the lock and the slot make one run of their ticks. */
@Injectable()
export class BackupSchedule implements OnModuleDestroy {
  private readonly logger = new Logger('backup');
  private readonly attempts = new Set<Promise<void>>();
  private isStopped = false;

  constructor(
    private readonly backups: BackupsService,
    private readonly repository: BackupsRepository,
    private readonly status: BackupStatusService,
    private readonly registry: SchedulerRegistry,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins to keep the schedule, with a run at once where the last success is too old. For services, not for commands.
   * @returns when that run, if there is one, has ended
   */
  async begin(): Promise<void> {
    const { cron } = this.config.backup;
    if (cron === undefined) return;
    const moments = new ScheduleMoments(cron);
    let planned = moments.after(this.clock.now());
    const job = new CronJob(
      cron,
      () => {
        const now = this.clock.now();
        const isPunctual = Math.abs(now.getTime() - planned.getTime()) < PUNCTUAL_MS;
        const slot = isPunctual ? planned : startOfMinute(now);
        planned = moments.after(this.clock.now());
        void this.attempt({ slot });
      },
      null,
      true,
      'UTC',
    );
    this.registry.addCronJob('backup', job);
    await this.attempt({ isNeeded: () => this.isOverdue(moments) });
  }

  /** Whether a moment of the schedule has passed since the last success, or that lies in a future that a wrong clock made. */
  private async isOverdue(moments: ScheduleMoments): Promise<boolean> {
    const [last] = await this.repository.lastVerified(1);
    if (!last?.finishedAt) return true;
    const age = this.clock.now().getTime() - last.finishedAt.getTime();
    return moments.after(last.finishedAt).getTime() <= this.clock.now().getTime() || age < -CLOCKS_APART_MS;
  }

  /** The service that makes the backup ends it; what is left to wait for is what came before. */
  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.attempts);
  }

  private attempt(order: Attempt): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    const attempt = this.tryOnce(order).finally(() => this.attempts.delete(attempt));
    this.attempts.add(attempt);
    return attempt;
  }

  private async tryOnce(order: Attempt): Promise<void> {
    try {
      // The banner and /ready name what is to be installed.
      if ((await this.status.missingTools()) !== undefined) return;
      await this.backups.run({ reason: 'schedule', ...order });
    } catch (error) {
      // What a run says of its own failure is in the account and in the log already.
      if (!(error instanceof BackupFailedError))
        this.logger.error(
          { event_type: 'backup_failed', err: error },
          'a scheduled backup could not be made',
        );
    }
  }
}

function startOfMinute(now: Date): Date {
  return new Date(Math.floor(now.getTime() / 60_000) * 60_000);
}
