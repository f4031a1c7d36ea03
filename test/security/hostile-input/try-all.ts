import { problemWith } from './acceptable.js';
import { inLanes } from '../../support/lanes.js';
import { shown } from './naughty.js';
import type { Operation } from '../../support/operations.js';
import type { RawAnswer } from './raw-client.js';
import { LANES, type GoodRequest, type Spoilt, type Stage } from './stage.js';

export interface Try {
  /** What is spoilt, for the report. */
  where: string;
  /** With what, for the report. */
  what: string;
  spoil: (good: GoodRequest) => Partial<Spoilt>;
  /** What is wrong with the answer; by default, that it neither accepts nor refuses in the error shape. */
  judge?: (answer: RawAnswer) => string | undefined;
}

/** Spoils a good request in every one of these ways. @returns a sentence for each answer that is not acceptable. */
export async function tryAll(stage: Stage, operation: Operation, tries: Try[]): Promise<string[]> {
  const problems: string[] = [];
  await inLanes(LANES, tries, async ({ where, what, spoil, judge = problemWith }, lane) => {
    const good = await stage.goodRequest(operation, lane);
    try {
      const spoilt = spoil(good);
      const answer = await stage.send(operation, good, spoilt);
      const problem = judge(answer);
      if (problem !== undefined) problems.push(`${operation.key}: ${where} ← ${shown(what)}: ${problem}`);
      await stage.tidy(operation, lane, answer.status, spoilt.body);
    } catch (error) {
      problems.push(`${operation.key}: ${where} ← ${shown(what)}: ${String(error)}`);
    }
  });
  return problems;
}
