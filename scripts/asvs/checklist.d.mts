export interface Requirement {
  id: string;
  level: number;
  chapter: string;
  requirement: string;
}

/** Tests as "file › describe › title", or why the requirement is not met yet. */
export interface Proof {
  tests?: string[];
  /** The date is the day it was decided: YYYY-MM-DD. */
  waiver?: { reason: string; date: string };
}

export function readRequirements(): Requirement[];
export function readChecklist(): Record<string, Proof>;
export function splitName(name: string): { file: string; title: string };
export function renderTable(requirements: Requirement[], checklist: Record<string, Proof>): string;
