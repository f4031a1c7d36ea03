import { VERSION } from '../../common/version.js';
import { isLoopback } from '../../config/loopback.js';
import type { Check } from '../check.js';
import { off, orElse, warning, type Finding } from '../finding.js';
import { errorCodeIn, versionIn, type Answer, type Silence } from '../probes/ask.js';

interface ServiceFacts {
  readonly directUrl: string;
  readonly publicUrl: string;
  readonly direct: Answer | Silence;
  readonly public: Answer | Silence;
}

export const service: Check = {
  name: 'service',
  look: (patient) => judgeService(patient, VERSION),
};

/** @internal for tests */
export function judgeService(facts: ServiceFacts, version: string): readonly Finding[] {
  const { directUrl, publicUrl } = facts;
  const [direct, published] = [versionIn(facts.direct), versionIn(facts.public)];
  const running = direct ?? published;
  const wrong: Finding[] = [];
  const refusal = direct === undefined ? errorCodeIn(facts.direct) : undefined;
  if (refusal !== undefined)
    return [
      warning(
        `The service answers ${refusal} at ${directUrl} now, and was not looked at.`,
        refusal === 'RATE_LIMITED'
          ? 'Its limit for this address is used up: try again in a minute.'
          : 'Try again once that has ended.',
      ),
    ];
  if (direct === undefined && !('silent' in facts.direct))
    wrong.push(
      warning(
        `Another program answers at ${directUrl}.`,
        'Stop it or set PORT to another one; where the service runs elsewhere, run this command there.',
      ),
    );
  if (running === undefined)
    return [...wrong, off(`The service does not run: nothing of it answers at ${directUrl}.`)];
  if (direct !== undefined && published === undefined && !isHere(publicUrl))
    wrong.push(
      warning(
        `The service runs and does not answer at PUBLIC_URL (${publicUrl}: ${howSilent(facts.public)}).`,
        'See whether the proxy runs, whether the name leads to it and whether it is let through. From inside a container or a closed network this may be as it is meant.',
      ),
    );
  if (running !== version)
    wrong.push(
      warning(
        `Version ${running} runs, and version ${version} is installed here.`,
        'Restart the service after an upgrade, and run this command beside it.',
      ),
    );
  return orElse(wrong, `Version ${running} answers at ${direct === undefined ? publicUrl : directUrl}.`);
}

/** In a container `localhost` is the container itself, where no proxy listens. */
function isHere(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

function howSilent(answer: Answer | Silence): string {
  return 'silent' in answer ? answer.silent : `status ${answer.status}, of another program`;
}

/** For checks that have to ask it. */
export const NOT_RUNNING: readonly Finding[] = [off('Not looked at: the service does not run.')];
