import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { MailMessagesRepository } from './mail-messages.repository.js';

const EVERY_TEN_MINUTES = '*/10 * * * *';

/** Erases letters that nothing will send any more. Every process has one: what one has swept the next does not find. */
@Injectable()
export class MailSweep implements OnModuleDestroy {
  private readonly logger = new Logger('mail');
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly messages: MailMessagesRepository,
    private readonly registry: SchedulerRegistry,
  ) {}

  /** Begins to keep the schedule. For services, not for commands. */
  begin(): void {
    const job = new CronJob(EVERY_TEN_MINUTES, () => void this.sweep(), null, true, 'UTC');
    this.registry.addCronJob('mail-sweep', job);
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
      await this.messages.sweep();
    } catch (error) {
      this.logger.error({ event_type: 'sweep_failed', err: error }, 'mails could not be swept out');
    }
  }
}
