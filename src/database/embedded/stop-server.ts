import { findPostmaster, waitUntilGone } from './postmaster.js';
import { StartupError, systemErrorCode } from './startup-error.js';

const FAST_SHUTDOWN_WITHIN_MILLISECONDS = 60_000;
const IMMEDIATE_SHUTDOWN_WITHIN_MILLISECONDS = 15_000;

/** Both, and a moment to look. */
export const STOPS_WITHIN_MILLISECONDS =
  FAST_SHUTDOWN_WITHIN_MILLISECONDS + IMMEDIATE_SHUTDOWN_WITHIN_MILLISECONDS + 5_000;

/**
 * Ends the server of this cluster, if one runs: first in order, with a checkpoint (SIGINT); when that takes too
 * long at once (SIGQUIT), after which the next start recovers. Nothing that was committed is lost either way.
 * @throws StartupError when the process survives both
 */
export async function stopServer(clusterDir: string): Promise<void> {
  const pid = await findPostmaster(clusterDir);
  if (pid === undefined) return;
  send(pid, 'SIGINT');
  if (await waitUntilGone(pid, clusterDir, FAST_SHUTDOWN_WITHIN_MILLISECONDS)) return;
  send(pid, 'SIGQUIT');
  if (await waitUntilGone(pid, clusterDir, IMMEDIATE_SHUTDOWN_WITHIN_MILLISECONDS)) return;
  throw new StartupError(`The database server (pid ${pid}) does not stop: end it by hand and start again.`);
}

function send(pid: number, signal: 'SIGINT' | 'SIGQUIT'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
