import { CronTime } from 'cron';

/** Long enough to meet the nights and the week-end of a schedule that has some. */
const LOOKED_AHEAD_MS = 8 * 86_400_000;
/** Each costs about a millisecond. */
const MAX_MOMENTS = 100;

/** The moments of a schedule, in UTC. */
export class ScheduleMoments {
  private readonly time: CronTime;

  constructor(cron: string) {
    this.time = new CronTime(cron, 'UTC');
  }

  /** @returns the nth moment after `at` */
  after(at: Date, nth = 1): Date {
    let moment = at;
    for (let n = 0; n < nth; n += 1) moment = this.time.getNextDateFrom(moment, 'UTC').toJSDate();
    return moment;
  }

  /** The longest time between two moments of the days to come, in milliseconds. To be asked once. */
  longestGapMs(from: Date): number {
    let longest = 0;
    let moment = this.after(from);
    const end = from.getTime() + LOOKED_AHEAD_MS;
    for (let n = 0; n < MAX_MOMENTS && (n === 0 || moment.getTime() < end); n += 1) {
      const next = this.after(moment);
      longest = Math.max(longest, next.getTime() - moment.getTime());
      moment = next;
    }
    return longest;
  }
}
