import { Injectable, Logger } from '@nestjs/common';
import { Sweeps } from '../../common/sweeps.js';
import { MailMessagesRepository } from './mail-messages.repository.js';

const EVERY_TEN_MINUTES = '*/10 * * * *';

/** Erases letters that nothing will send any more. */
@Injectable()
export class MailSweep {
  private readonly logger = new Logger('mail');
  /** Sweeps once. A failure is logged; the next sweep tries again. */
  readonly sweep: () => Promise<void>;

  constructor(messages: MailMessagesRepository, sweeps: Sweeps) {
    this.sweep = sweeps.add({
      cron: EVERY_TEN_MINUTES,
      work: () => messages.sweep(),
      onFailure: (error) => {
        this.logger.error({ event_type: 'sweep_failed', err: error }, 'mails could not be swept out');
      },
    });
  }
}
