import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { ADDRESS_DAYS } from '../../audit/retention/retention-days.js';
import { AppConfig } from '../../config/app-config.js';
import { SessionSweepRepository, type Swept } from './session-sweep.repository.js';

const EVERY_TEN_MINUTES = '*/10 * * * *';

/** A session goes with its tokens, which are up to a few hundred. */
const SESSIONS_AT_ONCE = 50;
const ROWS_AT_ONCE = 1_000;

/** Sweeps out expired sessions by the clock. Every process has one; a lock lets one of them work at a time. */
@Injectable()
export class SessionSweep implements OnModuleDestroy {
  private readonly logger = new Logger('auth');
  private sweeping: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    private readonly repository: SessionSweepRepository,
    private readonly registry: SchedulerRegistry,
    private readonly config: AppConfig,
  ) {}

  /** Begins to keep the schedule. For services, not for commands. */
  begin(): void {
    const job = new CronJob(EVERY_TEN_MINUTES, () => void this.sweep(), null, true, 'UTC');
    this.registry.addCronJob('session-sweep', job);
  }

  /** Sweeps once, or waits for the sweep that is under way. A failure is logged; the next one tries again. */
  sweep(): Promise<void> {
    this.sweeping ??= this.sweepAll().finally(() => (this.sweeping = undefined));
    return this.sweeping;
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    await this.sweeping;
  }

  private async sweepAll(): Promise<void> {
    const { idleSeconds } = this.config.sessions;
    try {
      await this.repeat((limit) => this.repository.deleteUsedTokens(idleSeconds, limit), ROWS_AT_ONCE);
      await this.repeat((limit) => this.repository.deleteExpired(limit), SESSIONS_AT_ONCE);
      await this.repeat((limit) => this.repository.forgetAddresses(ADDRESS_DAYS, limit), ROWS_AT_ONCE);
    } catch (error) {
      this.logger.error(
        { event_type: 'sweep_failed', err: error },
        'expired sessions could not be swept out',
      );
    }
  }

  /** Until a batch is not full, another process has the lock, or the service stops. */
  private async repeat(step: (limit: number) => Promise<Swept>, limit: number): Promise<void> {
    let swept: Swept = limit;
    while (swept === limit && !this.isStopped) swept = await step(limit);
  }
}
