import { CronTime } from 'cron';

/** The next moment of a schedule after `now`, in UTC. */
export function nextMoment(cron: string, now: Date): Date {
  return new CronTime(cron, 'UTC').getNextDateFrom(now, 'UTC').toJSDate();
}

/** The time between the next two moments of a schedule, in milliseconds. */
export function intervalOf(cron: string, now: Date): number {
  const first = nextMoment(cron, now);
  return nextMoment(cron, first).getTime() - first.getTime();
}
