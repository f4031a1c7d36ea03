import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { InvitationsRepository } from './invitations.repository.js';

const EVERY_HOUR = '17 * * * *';

/** Forgets invitations some time after they have ended. Every process has one: what one has deleted the next does not find. */
@Injectable()
export class InvitationSweep implements OnModuleDestroy {
  private readonly logger = new Logger('auth');
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly invitations: InvitationsRepository,
    private readonly registry: SchedulerRegistry,
  ) {}

  /** Begins to keep the schedule. For services, not for commands. */
  begin(): void {
    const job = new CronJob(EVERY_HOUR, () => void this.sweep(), null, true, 'UTC');
    this.registry.addCronJob('invitation-sweep', job);
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
      await this.invitations.deleteEnded();
    } catch (error) {
      this.logger.error(
        { event_type: 'sweep_failed', err: error },
        'ended invitations could not be swept out',
      );
    }
  }
}
