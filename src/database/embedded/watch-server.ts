import { setTimeout as delay } from 'node:timers/promises';
import type { RunningServer } from './start-server.js';
import { complaintOf } from './startup-error.js';

const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 10_000;
/** A server that ran this long had started well: the pauses begin anew. */
const HEALTHY_AFTER_MILLISECONDS = 60_000;

export interface ServerWatch {
  /** Ends the watch, after a restart that is under way. The server itself is left as it is. */
  end(): Promise<void>;
}

/**
 * Starts the server again whenever its process ends, after pauses that double up to ten seconds, until the watch
 * is ended. Failed restarts are told through `onProgress` and tried again.
 */
export function watchServer(
  server: RunningServer,
  restart: () => Promise<RunningServer>,
  onProgress: (message: string) => void,
): ServerWatch {
  const ending = new AbortController();
  const { signal } = ending;
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });

  async function keepRunning(): Promise<void> {
    let current: RunningServer | undefined = server;
    let pause = FIRST_PAUSE_MILLISECONDS;
    for (;;) {
      const since = performance.now();
      if (current) {
        await Promise.race([current.ended, ended]);
        if (signal.aborted) return;
        if (performance.now() - since > HEALTHY_AFTER_MILLISECONDS) pause = FIRST_PAUSE_MILLISECONDS;
        onProgress(`The database server (pid ${current.pid}) ended unexpectedly; starting it again…`);
      }
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
      current = await restart().catch((error: unknown) => {
        if (!signal.aborted) onProgress(complaintOf(error));
        return undefined;
      });
      if (current) onProgress(`The database server runs again (pid ${current.pid}).`);
    }
  }

  const kept = keepRunning();
  return {
    async end() {
      ending.abort();
      await kept;
    },
  };
}
