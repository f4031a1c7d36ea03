/** A fifth of what Retry-After asks for: nobody who heeds it notices. */
const HOLD_MILLISECONDS = 200;
const MAX_HELD = 1_000;

/**
 * Holds refusals back for a moment. Whoever repeats a refused request the instant it is answered could otherwise keep
 * the process busy with nothing but refusing; held, a connection gets five refusals a second. Past a bound refusals
 * are answered at once, so that holding cannot fill the memory.
 */
export class HeldRefusals {
  private held = 0;

  async hold(): Promise<void> {
    if (this.held >= MAX_HELD) return;
    this.held += 1;
    try {
      await new Promise((resolve) => setTimeout(resolve, HOLD_MILLISECONDS));
    } finally {
      this.held -= 1;
    }
  }
}
