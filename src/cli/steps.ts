import { report } from './with-service.js';

/** Nobody should wonder for longer whether anything still happens. */
const STILL_EVERY_MS = 10_000;

/** How work tells of its steps. */
export interface Steps {
  readonly onStep: (step: string) => void;
  /** Somebody else has the word now, such as a question, until the next step. */
  readonly pause: () => void;
}

/**
 * Does work that tells of its steps. Each is reported, and while one takes long, how long it has taken.
 * @param every milliseconds
 */
export async function withSteps<T>(
  work: (steps: Steps) => Promise<T>,
  say: (line: string) => void = report,
  every = STILL_EVERY_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const pause = () => {
    clearInterval(timer);
  };
  const onStep = (step: string) => {
    pause();
    const begunAt = performance.now();
    timer = setInterval(() => {
      say(`  … ${Math.round((performance.now() - begunAt) / 1000)} s`);
    }, every);
    say(step);
  };
  try {
    return await work({ onStep, pause });
  } finally {
    pause();
  }
}
