import { Injectable, Logger } from '@nestjs/common';
import { Sweeps } from '../../common/sweeps.js';
import { InvitationsRepository } from './invitations.repository.js';

const EVERY_HOUR = '17 * * * *';

/** Forgets invitations some time after they have ended. */
@Injectable()
export class InvitationSweep {
  private readonly logger = new Logger('auth');
  /** Sweeps once. A failure is logged; the next sweep tries again. */
  readonly sweep: () => Promise<void>;

  constructor(invitations: InvitationsRepository, sweeps: Sweeps) {
    this.sweep = sweeps.add({
      cron: EVERY_HOUR,
      work: () => invitations.deleteEnded(),
      onFailure: (error) => {
        this.logger.error(
          { event_type: 'sweep_failed', err: error },
          'ended invitations could not be swept out',
        );
      },
    });
  }
}
