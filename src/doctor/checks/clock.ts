import type { Check } from '../check.js';
import type { ClockReading } from '../database-facts.repository.js';
import { off, ok, problem, warning, type Finding } from '../finding.js';
import { versionIn, type Answer, type Silence } from '../probes/ask.js';

const WARNING_MS = 1_000;
const PROBLEM_MS = 10_000;
/** A Date header leaves the part of a second out. */
const DATE_STEP_MS = 1_000;

export const clock: Check = {
  name: 'clock',
  look: ({ database, public: answer, publicUrl }) => {
    const served = dateReading(answer);
    const findings = [
      ...('there' in database ? [judgeClock(database.there.clock, 'the database')] : []),
      ...(served ? [judgeClock(served, publicUrl)] : []),
    ];
    return findings.length > 0 ? findings : [off('There is no other clock to compare this one with.')];
  },
};

/** @param other whose clock it is @internal for tests */
export function judgeClock({ aheadMs, uncertainMs }: ClockReading, other: string): Finding {
  const apart = Math.max(0, Math.abs(aheadMs) - uncertainMs);
  if (apart <= WARNING_MS) return ok(`It agrees with that of ${other}.`);
  const found = `That of ${other} is ${seconds(apart)} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's.`;
  const toDo =
    'Let both machines take their time from NTP (timedatectl set-ntp true), and restart the service once they agree: tokens, sessions and the age of backups depend on it.';
  return apart > PROBLEM_MS ? problem(found, toDo) : warning(found, toDo);
}

/** What the service's own answer says of its clock; undefined where somebody else answered, or nobody. @internal for tests */
export function dateReading(answer: Answer | Silence): ClockReading | undefined {
  if ('silent' in answer || versionIn(answer) === undefined) return undefined;
  const date = Date.parse(answer.headers.date ?? '');
  if (Number.isNaN(date)) return undefined;
  const [sent, received] = [answer.sentAt.getTime(), answer.receivedAt.getTime()];
  return {
    aheadMs: date + DATE_STEP_MS / 2 - (sent + received) / 2,
    uncertainMs: (received - sent + DATE_STEP_MS) / 2,
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
