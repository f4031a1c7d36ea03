import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { EmailRevertsRepository } from '../email/email-reverts.repository.js';
import { OneTimeCodesRepository } from '../codes/one-time-codes.repository.js';

const EVERY_TEN_MINUTES = '3-59/10 * * * *';

/** Forgets codes and ways back that have ended. Every process has one: what one has deleted the next does not find. */
@Injectable()
export class RecoverySweep implements OnModuleDestroy {
  private readonly logger = new Logger('auth');
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly codes: OneTimeCodesRepository,
    private readonly reverts: EmailRevertsRepository,
    private readonly registry: SchedulerRegistry,
  ) {}

  /** Begins to keep the schedule. For services, not for commands. */
  begin(): void {
    const job = new CronJob(EVERY_TEN_MINUTES, () => void this.sweep(), null, true, 'UTC');
    this.registry.addCronJob('recovery-sweep', job);
  }

  /** A failure is logged; the next sweep tries again. */
  async sweep(): Promise<void> {
    this.sweeping = this.sweepOnce();
    await this.sweeping;
  }

  async onModuleDestroy(): Promise<void> {
    await this.sweeping;
  }

  private async sweepOnce(): Promise<void> {
    try {
      await this.codes.deleteEnded();
      await this.reverts.deleteEnded();
    } catch (error) {
      this.logger.error({ event_type: 'sweep_failed', err: error }, 'ended codes could not be swept out');
    }
  }
}
