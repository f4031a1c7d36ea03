import type { Check } from '../check.js';
import { ok, problem } from '../finding.js';

export const configuration: Check = {
  name: 'configuration',
  look: ({ configProblems, env }) =>
    configProblems.length === 0
      ? [ok(`Every variable can be read; NODE_ENV is ${env.NODE_ENV}.`)]
      : configProblems.map((wrong) =>
          problem(
            wrong,
            'Correct it where the environment of the service is kept, then start the service again.',
          ),
        ),
};
