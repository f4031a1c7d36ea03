import { LINGER_BEHIND_PROXY_MS } from './common/http/draining.js';
import { withinTime } from './common/within-time.js';

/** How long requests in flight may take, once connections have been left alone for a moment. */
export const DRAIN_LIMIT_MS = 10_000;

/**
 * How long each stage of a stop may take beside an external database. Whoever stops the service by force should wait
 * for longer than their sum: stop_grace_period in docker-compose.yml.
 */
export const STOP_LIMITS_MS = {
  /** A program that a signal does not end is killed after 5 s, and its files are put away. */
  start: 7_000,
  requests: LINGER_BEHIND_PROXY_MS + DRAIN_LIMIT_MS,
  /** Jobs such as a backup, as above; reports on their way, connections to the database. */
  modules: 7_000,
  metrics: 1_000,
};

/** A part of the service that ends before the next one does. */
export interface StopStage {
  /** What the operator reads where it is cut off, with "did not end" behind it. */
  readonly what: string;
  readonly limitMs: number;
  /** Resolves with false where it has cut something off itself. */
  readonly end: () => Promise<unknown>;
}

/**
 * Ends one stage after the other. One that fails or takes too long does not keep the later ones from ending; what is
 * cut off is said.
 * @throws the first error of a stage, after the last one
 */
export async function stopInStages(
  stages: readonly StopStage[],
  say: (message: string) => void,
): Promise<void> {
  const errors: unknown[] = [];
  for (const { what, limitMs, end } of stages) {
    const begun = performance.now();
    try {
      const hasEnded = await withinTime(
        end().then((result) => result !== false),
        limitMs,
      );
      if (!hasEnded)
        say(`${what} did not end within ${Math.round((performance.now() - begun) / 1000)} s: cut off.`);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
