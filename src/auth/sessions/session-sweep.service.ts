import { Injectable, Logger } from '@nestjs/common';
import { ADDRESS_DAYS } from '../../audit/retention/retention-days.js';
import { Sweeps } from '../../common/sweeps.js';
import { AppConfig } from '../../config/app-config.js';
import { SessionSweepRepository, type Swept } from './session-sweep.repository.js';

const EVERY_TEN_MINUTES = '*/10 * * * *';

/** A session goes with its tokens, which are up to a few hundred. */
const SESSIONS_AT_ONCE = 50;
const ROWS_AT_ONCE = 1_000;

/** Sweeps out expired sessions. A lock lets one process work at a time. */
@Injectable()
export class SessionSweep {
  private readonly logger = new Logger('auth');
  /** Sweeps once, or waits for the sweep that is under way. A failure is logged; the next one tries again. */
  readonly sweep: () => Promise<void>;

  constructor(
    private readonly repository: SessionSweepRepository,
    private readonly config: AppConfig,
    sweeps: Sweeps,
  ) {
    this.sweep = sweeps.add({
      cron: EVERY_TEN_MINUTES,
      work: (isStopping) => this.sweepAll(isStopping),
      onFailure: (error) => {
        this.logger.error(
          { event_type: 'sweep_failed', err: error },
          'expired sessions could not be swept out',
        );
      },
    });
  }

  private async sweepAll(isStopping: () => boolean): Promise<void> {
    const { idleSeconds } = this.config.sessions;
    /** Until a batch is not full, another process has the lock, or the service stops. */
    const repeat = async (step: (limit: number) => Promise<Swept>, limit: number) => {
      let swept: Swept = limit;
      while (swept === limit && !isStopping()) swept = await step(limit);
    };
    await repeat((limit) => this.repository.deleteUsedTokens(idleSeconds, limit), ROWS_AT_ONCE);
    await repeat((limit) => this.repository.deleteExpired(limit), SESSIONS_AT_ONCE);
    await repeat((limit) => this.repository.forgetAddresses(ADDRESS_DAYS, limit), ROWS_AT_ONCE);
  }
}
