import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';

const HOUR_MS = 3_600_000;
/** Clocks that are corrected by less are no danger to what is kept for days. */
const JUMP_MS = 6 * HOUR_MS;

/** Notices that a clock was set: then the age of backups means nothing. */
@Injectable()
export class ClockWatch {
  private readonly startedAt: number;
  private readonly startedTick = performance.now();
  private finding: string | undefined;

  constructor(private readonly clock: Clock) {
    this.startedAt = clock.now().getTime();
  }

  /**
   * @param databaseTime the database's time, a moment ago
   * @returns what is wrong; once something was, until the process is started again
   */
  look(databaseTime?: Date): string | undefined {
    const now = this.clock.now().getTime();
    const jump = now - this.startedAt - (performance.now() - this.startedTick);
    const apart = databaseTime === undefined ? 0 : now - databaseTime.getTime();
    if (Math.abs(jump) > JUMP_MS)
      this.finding ??= `The clock was set by ${hours(jump)} while the service ran`;
    else if (Math.abs(apart) > JUMP_MS)
      this.finding ??= `The clocks of the service and of the database are ${hours(apart)} apart`;
    return (
      this.finding && `${this.finding}: no backup expires until it is right and the service is started again.`
    );
  }
}

function hours(ms: number): string {
  return `${Math.round(Math.abs(ms) / HOUR_MS)} hours`;
}
