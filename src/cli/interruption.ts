import { withinTime } from '../common/within-time.js';
import { hasTerminal } from '../has-terminal.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A Ctrl-C comes twice where npm passes on what the terminal has told this process already. */
const SAME_SIGNAL_WITHIN_MS = 1_000;

/** Holds signals back until everything is put away: without that, Ctrl-C would leave a database server running. */
export class Interruption {
  private received: NodeJS.Signals | undefined;
  private receivedAt = 0;
  private readonly interrupted = Promise.withResolvers<never>();

  constructor(private readonly onSignal: (signal: NodeJS.Signals) => void) {
    this.interrupted.promise.catch(() => undefined);
    for (const signal of SIGNALS) process.on(signal, this.receive);
  }

  /** The outcome of the work, or a rejection as soon as a signal arrives; then nobody waits for the work any more. */
  async orElse<T>(work: () => Promise<T>): Promise<T> {
    return this.received ? this.interrupted.promise : Promise.race([work(), this.interrupted.promise]);
  }

  /**
   * Like `orElse`, for work that undoes what it began on a signal: waits until it has, but not longer than `limitMs`.
   */
  async orUndone<T>(work: () => Promise<T>, limitMs: number): Promise<T> {
    const running = work();
    try {
      return await this.orElse(() => running);
    } catch (error) {
      await withinTime(
        running.catch(() => undefined),
        limitMs,
      );
      throw error;
    }
  }

  /** Gives signals their usual effect again, and this process the one that it received. */
  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.receive);
    if (this.received) process.kill(process.pid, this.received);
  }

  private readonly receive = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && !hasTerminal()) return;
    if (this.received === undefined) {
      this.onSignal(signal);
      this.received = signal;
      this.receivedAt = performance.now();
      this.interrupted.reject(new Error(`Interrupted by ${signal}.`));
    } else if (performance.now() - this.receivedAt > SAME_SIGNAL_WITHIN_MS) process.exit(1);
  };
}
