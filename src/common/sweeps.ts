import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CronJob } from 'cron';

export interface Sweep {
  /** When, in UTC. */
  cron: string;
  /** @param isStopping whether the service stops, so that what goes on for long may leave the rest to another sweep */
  work: (isStopping: () => boolean) => Promise<void>;
  /** Told of each failure; the next sweep tries again. */
  onFailure: (error: unknown) => void;
}

/** What takes away by the clock what has ended. Every process has all of them; what one has taken the next does not find. */
@Injectable()
export class Sweeps implements OnModuleDestroy {
  private readonly planned: { cron: string; run: () => Promise<void> }[] = [];
  private readonly running = new Set<Promise<void>>();
  private jobs: CronJob[] = [];
  private isStopping = false;

  /** @returns sweeps once, or waits for the sweep of this kind that is under way; never rejects */
  add({ cron, work, onFailure }: Sweep): () => Promise<void> {
    let current: Promise<void> | undefined;
    const run = () => {
      if (current) return current;
      const sweep = work(() => this.isStopping)
        .catch(onFailure)
        .finally(() => {
          this.running.delete(sweep);
          current = undefined;
        });
      this.running.add(sweep);
      return (current = sweep);
    };
    this.planned.push({ cron, run });
    return run;
  }

  /** Begins to keep the schedules. For services, not for commands. */
  begin(): void {
    this.jobs = this.planned.map(({ cron, run }) => new CronJob(cron, () => void run(), null, true, 'UTC'));
  }

  /** What is under way ends in order, while there is still a database. */
  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    for (const job of this.jobs) void job.stop();
    await Promise.all(this.running);
  }
}
