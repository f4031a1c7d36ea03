import { BusyError } from './errors/common.errors.js';

/**
 * Runs at most `concurrency` CPU-heavy jobs at once and lets at most `queueLimit` wait.
 * Past that it refuses at once with BusyError, so that a flood costs the flooder, not everybody.
 */
export class BoundedPool {
  private runningJobs = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    readonly concurrency: number,
    readonly queueLimit: number,
  ) {}

  get running(): number {
    return this.runningJobs;
  }

  get queued(): number {
    return this.waiting.length;
  }

  /**
   * Whether a job that came now would be refused.
   * @param share the part of the queue that the job may fill, 0 to 1; the rest stays free for others
   */
  isFull(share = 1): boolean {
    return this.running >= this.concurrency && this.waiting.length >= this.queueLimit * share;
  }

  /** @throws BusyError when a job that came now would be refused. */
  refuseWhenFull(share = 1): void {
    if (this.isFull(share)) throw new BusyError();
  }

  /**
   * @param share as for `isFull`
   * @throws BusyError when the queue, or this share of it, is full.
   */
  async run<T>(job: () => Promise<T>, share = 1): Promise<T> {
    this.refuseWhenFull(share);
    if (this.running >= this.concurrency) {
      // Whoever finishes hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.runningJobs += 1;
    }
    try {
      return await job();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.runningJobs -= 1;
    }
  }
}
