import type { Proof } from './checklist.mjs';

export function missingIn(
  checklist: Record<string, Proof>,
  passed: Map<string, string[]>,
  tiers: Set<string>,
): string[];
