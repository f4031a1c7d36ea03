import { Injectable, Logger } from '@nestjs/common';
import { Sweeps } from '../../common/sweeps.js';
import { MailQueue } from '../delivery/mail-queue.js';
import { MailMessagesRepository } from './mail-messages.repository.js';

const EVERY_TEN_MINUTES = '*/10 * * * *';

/** Erases letters that nothing will send any more, and gives up those that nobody has decided about for 30 days. */
@Injectable()
export class MailSweep {
  private readonly logger = new Logger('mail');
  /** Sweeps once. A failure is logged; the next sweep tries again. */
  readonly sweep: () => Promise<void>;

  constructor(
    private readonly messages: MailMessagesRepository,
    private readonly queue: MailQueue,
    sweeps: Sweeps,
  ) {
    this.sweep = sweeps.add({
      cron: EVERY_TEN_MINUTES,
      work: () => this.work(),
      onFailure: (error) => {
        this.logger.error({ event_type: 'sweep_failed', err: error }, 'mails could not be swept out');
      },
    });
  }

  private async work(): Promise<void> {
    const given = await this.messages.sweep();
    const unknown = await this.queue.forgetGivenUp();
    const count = given + unknown;
    if (count > 0)
      this.logger.warn(
        { event_type: 'mails_given_up', count },
        'mails that could not be sent for 30 days were discarded',
      );
  }
}
