import type { CheckState } from '../../common/readiness/readiness-checks.js';
import type { ReadyCheck, ReadyChecks } from '../../health/health.dto.js';
import { notLookedAt, type Check } from '../check.js';
import { off, ok, problem, warning, type Finding } from '../finding.js';

/** A part as `/ready` sees it, by the same rules. */
export function readinessOf(part: Exclude<keyof ReadyChecks, 'mail' | 'migrations'>): Check {
  return {
    name: part,
    look: ({ database, service }) => {
      if (part === 'database' && 'why' in database) return [database.finding];
      if ('why' in service) return part === 'database' ? [service.finding] : notLookedAt(service);
      return [judgePart(part, service.there.readiness.checks[part])];
    },
  };
}

const VERDICTS: Record<CheckState, (found: string, toDo: string) => Finding> = {
  ok,
  off,
  degraded: warning,
  unavailable: warning,
  down: problem,
};

const IN_ORDER: Record<'ok' | 'off', string> = { ok: 'In order.', off: 'Not in use.' };

/** What the service finds of one of its parts, as a finding. */
export function judgePart(
  part: keyof ReadyChecks,
  { status, detail }: Pick<ReadyCheck, 'status' | 'detail'>,
): Finding {
  // The reminder of the recovery file stands here too, and is a check of its own.
  const told = part === 'keys' && status === 'ok' ? undefined : detail;
  const found = told ?? (status === 'ok' || status === 'off' ? IN_ORDER[status] : `It is ${status}.`);
  return VERDICTS[status](
    found,
    `Do what it says; GET /ready answers the same, and the runbook (deploy/README.md) explains it.`,
  );
}
