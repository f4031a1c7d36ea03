// However a run ends, nothing that it started stays behind.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Errors that say all there is to say in their message; of any other the stack is wanted too. */
const SELF_EXPLAINING = ['Error', 'UnexpectedAnswerError'];

export class EndOfRun {
  steps = [];

  constructor(maxSeconds) {
    this.maxSeconds = maxSeconds;
  }

  /** Takes a step of cleaning up, also while cleaning up; the last one that came is taken first. */
  onExit = (step) => {
    this.steps.push(step);
  };

  /**
   * Does the work, cleans up and ends the process: with 0, or with 1 when the work failed, was interrupted or took
   * too long.
   */
  async after(work) {
    let code = 0;
    try {
      await Promise.race([work(), this.interruption(), this.timeout()]);
    } catch (error) {
      process.stderr.write(`${describe(error)}\n`);
      code = 1;
    }
    await this.cleanUp();
    process.exit(code);
  }

  async interruption() {
    const signals = SIGNALS.map(async (signal) => {
      await once(process, signal);
      return new Error(`The bench was ended by ${signal}.`);
    });
    const crash = once(process, 'uncaughtException').then(([error]) => error);
    throw await Promise.race([...signals, crash]);
  }

  async timeout() {
    await delay(this.maxSeconds * 1000, undefined, { ref: false });
    throw new Error(`The bench took longer than ${this.maxSeconds} s and was ended.`);
  }

  async cleanUp() {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step();
      } catch (error) {
        process.stderr.write(`${describe(error)}\n`);
      }
    }
  }
}

function describe(error) {
  if (!(error instanceof Error)) return String(error);
  return SELF_EXPLAINING.includes(error.name) ? error.message : (error.stack ?? error.message);
}
