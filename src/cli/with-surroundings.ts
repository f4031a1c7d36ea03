import { openSurroundings, type Surroundings } from '../surroundings.js';
import type { Env } from '../config/env.schema.js';
import { Interruption } from './interruption.js';
import { report } from './with-service.js';

/**
 * Runs a command on the configured database alone, whatever state it is in, and puts everything away afterwards. A
 * signal aborts what is handed to the work, which undoes what it began before it ends.
 */
export type RunWithSurroundings = (
  work: (surroundings: Surroundings, signal: AbortSignal) => Promise<void>,
) => Promise<void>;

export function withSurroundings(readEnv: () => Env, searchPath: string | undefined): RunWithSurroundings {
  return async (work) => {
    const env = readEnv();
    const stopping = new AbortController();
    const interruption = new Interruption((signal) => {
      report(`${signal}: stopping …`);
      stopping.abort(new Error(`Interrupted by ${signal}.`));
    });
    try {
      const surroundings = await openSurroundings(env, 'command', searchPath, report);
      try {
        stopping.signal.throwIfAborted();
        await work(surroundings, stopping.signal);
      } finally {
        await surroundings.stop();
      }
    } finally {
      interruption.end();
    }
  };
}
