import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_AFTER_MS = 20;

export type LogLine = Record<string, unknown>;

/**
 * The one line about a request. It is written after the client has the answer, so this waits for it; the test's own
 * timeout is the limit.
 */
export async function lineOf(requestId: string, log: () => string): Promise<LogLine> {
  for (;;) {
    const lines = log()
      .split('\n')
      .filter((line) => line.includes(`"request_id":"${requestId}"`));
    if (lines.length > 1) throw new Error(`Logged more than once:\n${lines.join('\n')}`);
    if (lines[0] !== undefined) return JSON.parse(lines[0]) as LogLine;
    await delay(LOOK_AGAIN_AFTER_MS);
  }
}
