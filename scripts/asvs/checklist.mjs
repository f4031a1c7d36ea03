// The requirements of the ASVS that apply, and for each the tests that prove it or the reason why it waits.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..', '..');

const CHECKLIST_FILE = path.join(root, 'test', 'security', 'asvs.json');
const REQUIREMENTS_FILE = path.join(root, 'test', 'security', 'asvs', 'asvs-5.0.csv');

export function readRequirements() {
  const [, ...rows] = parseCsv(readFileSync(REQUIREMENTS_FILE, 'utf8'));
  return rows.map(([id, level, chapter, requirement]) => ({
    id,
    level: Number(level),
    chapter,
    requirement,
  }));
}

export function readChecklist() {
  return JSON.parse(readFileSync(CHECKLIST_FILE, 'utf8'));
}

/** "file › describe › title" in two. */
export function splitName(name) {
  const [file, ...titles] = name.split(' › ');
  return { file, title: titles.join(' › ') };
}

/** RFC 4180: quoted fields may hold commas, line breaks and doubled quotes. */
function parseCsv(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    const row = rows.at(-1);
    if (end === '' && quoted === undefined && plain === '' && row.length === 0) break;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
    if (end === '') break;
  }
  return rows.filter((row) => row.length > 0);
}

export function renderTable(requirements, checklist) {
  const chapters = Map.groupBy(requirements, ({ chapter }) => chapter);
  const isMet = ({ id }) => (checklist[id]?.tests ?? []).length > 0;
  const lines = [...chapters].map(([chapter, all]) => {
    const met = all.filter(isMet).length;
    return [chapter, all.length, met, all.length - met];
  });
  const sum = (column) => lines.reduce((total, line) => total + line[column], 0);
  const waived = requirements.filter((requirement) => !isMet(requirement));
  return [
    ...table(
      ['chapter', 'requirements', 'met', 'waived'],
      [...lines, ['all', sum(1), sum(2), sum(3)]],
      ['left', 'right', 'right', 'right'],
    ),
    '',
    'Waived:',
    '',
    ...table(
      ['requirement', 'level', 'why', 'since'],
      waived.map(({ id, level }) => [
        id,
        level,
        checklist[id]?.waiver?.reason.replaceAll('|', '\\|') ?? '',
        checklist[id]?.waiver?.date ?? '',
      ]),
      ['left', 'right', 'left', 'left'],
    ),
  ].join('\n');
}

/** As prettier would write it. */
function table(head, rows, alignments) {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (alignments[column] === 'right' ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    alignments[column] === 'right' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(cells[0]), `| ${rule.join(' | ')} |`, ...cells.slice(1).map(line)];
}
