import { BusyError } from '../../common/errors/common.errors.js';

/** How often the first of a crowd looks whether there is room: others may be checked by other processes. */
const LOOK_AGAIN_MS = 25;
const MAX_WAIT_MS = 10_000;

interface Waiter {
  /** Makes it look again. */
  wake: () => void;
}

/**
 * Those who wait until it is known how the attempts before theirs end. One of each crowd looks at a time, in the order
 * in which they came, so that a crowd costs the database no more than one of them does.
 */
export class Crowds {
  private readonly lines = new Map<string, Waiter[]>();
  private waiting = 0;

  constructor(private readonly limit: number) {}

  /**
   * Tries until it is no longer crowded.
   * @param keys of every crowd that may stand before this attempt: whoever comes later stands behind them
   * @param attempt answers the key of the crowd that it met
   * @throws BusyError when too many wait already, or after ten seconds
   */
  async pass<T>(
    keys: readonly string[],
    attempt: () => Promise<{ crowd: string } | { passed: T }>,
  ): Promise<T> {
    let crowd = keys.find((key) => this.lines.has(key));
    const deadline = performance.now() + MAX_WAIT_MS;
    for (;;) {
      const outcome: { crowd: string } | { passed: T } =
        crowd === undefined ? await attempt() : await this.waitIn(crowd, deadline, attempt);
      if ('passed' in outcome) return outcome.passed;
      ({ crowd } = outcome);
    }
  }

  /** Stands in one line until something else than this crowd is met. */
  private async waitIn<T>(
    key: string,
    deadline: number,
    attempt: () => Promise<{ crowd: string } | { passed: T }>,
  ): Promise<{ crowd: string } | { passed: T }> {
    if (this.waiting >= this.limit) throw new BusyError();
    const line = this.lines.get(key) ?? [];
    this.lines.set(key, line);
    const self: Waiter = { wake: () => undefined };
    line.push(self);
    this.waiting += 1;
    try {
      for (;;) {
        await turn(self, line[0] === self ? LOOK_AGAIN_MS : MAX_WAIT_MS);
        if (performance.now() > deadline) throw new BusyError();
        if (line[0] !== self) continue;
        const outcome = await attempt();
        if (!('crowd' in outcome) || outcome.crowd !== key) return outcome;
      }
    } finally {
      this.waiting -= 1;
      line.splice(line.indexOf(self), 1);
      if (line.length === 0) this.lines.delete(key);
      else line[0]?.wake();
    }
  }
}

function turn(waiter: Waiter, atLatestMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, atLatestMs);
    waiter.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
