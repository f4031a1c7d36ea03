import { Injectable, Logger } from '@nestjs/common';
import { Sweeps } from '../../common/sweeps.js';
import { OneTimeCodesRepository } from '../codes/one-time-codes.repository.js';
import { EmailRevertsRepository } from '../email/email-reverts.repository.js';

const EVERY_TEN_MINUTES = '3-59/10 * * * *';

/** Forgets codes and ways back that have ended. */
@Injectable()
export class RecoverySweep {
  private readonly logger = new Logger('auth');
  /** Sweeps once. A failure is logged; the next sweep tries again. */
  readonly sweep: () => Promise<void>;

  constructor(codes: OneTimeCodesRepository, reverts: EmailRevertsRepository, sweeps: Sweeps) {
    this.sweep = sweeps.add({
      cron: EVERY_TEN_MINUTES,
      work: async () => {
        await codes.deleteEnded();
        await reverts.deleteEnded();
      },
      onFailure: (error) => {
        this.logger.error({ event_type: 'sweep_failed', err: error }, 'ended codes could not be swept out');
      },
    });
  }
}
