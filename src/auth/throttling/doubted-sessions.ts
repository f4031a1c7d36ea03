import type { Clock } from '../../common/clock.js';

const DOUBTED_FOR_MS = 60_000;
const MAX_DOUBTED = 10_000;

/** Sessions whose tokens were sent lately without the session having been seen alive. Bounded: the oldest go first. */
export class DoubtedSessions {
  private readonly until = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  has(sessionId: string): boolean {
    return (this.until.get(sessionId) ?? 0) > this.clock.now().getTime();
  }

  add(sessionId: string): void {
    this.until.delete(sessionId);
    this.until.set(sessionId, this.clock.now().getTime() + DOUBTED_FOR_MS);
    const [oldest] = this.until.keys();
    if (this.until.size > MAX_DOUBTED && oldest !== undefined) this.until.delete(oldest);
  }

  delete(sessionId: string): void {
    this.until.delete(sessionId);
  }
}
