import { VERSION } from '../common/version.js';
import type { Finding, Verdict } from './finding.js';

/** A finding and the check that it is of. */
export type Entry = Finding & { readonly check: string };

const WIDTH = { verdict: 9, check: 17 };

/** What `doctor` prints: a line a finding, what to do under those that ask for it, and a summary. */
export function renderReport(entries: readonly Entry[]): string {
  const lines = entries.flatMap((entry) => {
    const line = `${entry.verdict.padEnd(WIDTH.verdict)}${entry.check.padEnd(WIDTH.check)}${entry.found}`;
    return 'toDo' in entry ? [line, `${' '.repeat(WIDTH.verdict)}→ ${entry.toDo}`] : [line];
  });
  return [...lines, '', summarize(entries)].join('\n');
}

/** The same for machines. */
export function toJson(entries: readonly Entry[]): string {
  const report = {
    version: VERSION,
    status: worst(entries),
    counts: countVerdicts(entries),
    checks: entries.map(({ check, verdict, found, ...rest }) => ({
      check,
      status: verdict,
      found,
      ...('toDo' in rest ? { to_do: rest.toDo } : {}),
    })),
  };
  return JSON.stringify(report, undefined, 2);
}

export function hasProblem(entries: readonly Entry[]): boolean {
  return entries.some(({ verdict }) => verdict === 'problem');
}

function summarize(entries: readonly Entry[]): string {
  const counts = countVerdicts(entries);
  const problems = counted(counts.problem, 'problem');
  const warnings = counted(counts.warning, 'warning');
  return counts.problem + counts.warning === 0
    ? `All is well: ${counts.ok} in order, ${counts.off} off.`
    : `${problems}, ${warnings}; ${counts.ok} in order, ${counts.off} off.`;
}

function counted(count: number, what: string): string {
  return count === 0 ? `No ${what}` : `${count} ${what}${count === 1 ? '' : 's'}`;
}

function worst(entries: readonly Entry[]): Exclude<Verdict, 'off'> {
  const { problem, warning } = countVerdicts(entries);
  if (problem > 0) return 'problem';
  return warning > 0 ? 'warning' : 'ok';
}

function countVerdicts(entries: readonly Entry[]): Record<Verdict, number> {
  const counts = { ok: 0, warning: 0, problem: 0, off: 0 };
  for (const { verdict } of entries) counts[verdict] += 1;
  return counts;
}
