import { BusyError } from './errors/common.errors.js';

/**
 * Runs at most `concurrency` CPU-heavy jobs at once and lets at most `queueLimit` wait.
 * Past that it refuses at once with BusyError, so that a flood costs the flooder, not everybody.
 */
export class BoundedPool {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    readonly concurrency: number,
    readonly queueLimit: number,
  ) {}

  get queued(): number {
    return this.waiting.length;
  }

  /** @throws BusyError when a job that came now would be refused. */
  refuseWhenFull(): void {
    if (this.running >= this.concurrency && this.waiting.length >= this.queueLimit) throw new BusyError();
  }

  /** @throws BusyError when the queue is full. */
  async run<T>(job: () => Promise<T>): Promise<T> {
    this.refuseWhenFull();
    if (this.running >= this.concurrency) {
      // Whoever finishes hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running += 1;
    }
    try {
      return await job();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
