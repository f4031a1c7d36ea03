import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  readChecklist,
  readRequirements,
  renderTable,
  splitName,
  type Proof,
} from '../../scripts/asvs/checklist.mjs';
import { missingIn } from '../../scripts/asvs/reporter.mjs';
import { runningTitle, titlesIn } from '../../scripts/asvs/test-titles.mjs';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const YEAR_MS = 366 * 86_400_000;

const requirements = readRequirements();
const checklist = readChecklist();

const titlesByFile = new Map<string, string[]>();
function titlesOf(file: string): string[] {
  const known = titlesByFile.get(file);
  if (known) return known;
  const fullPath = path.join(ROOT, file);
  const titles = existsSync(fullPath) ? titlesIn(readFileSync(fullPath, 'utf8'), file) : [];
  titlesByFile.set(file, titles);
  return titles;
}

const entries = Object.entries(checklist);
const waivers = entries.flatMap(([id, { waiver }]) => (waiver ? [{ id, ...waiver }] : []));

describe('the ASVS checklist', () => {
  it('has 239 requirements, none twice', () => {
    expect(requirements).toHaveLength(239);
    expect(new Set(requirements.map(({ id }) => id)).size).toBe(239);
  });

  it('maps every requirement, in their order, and nothing else', () => {
    expect(Object.keys(checklist)).toEqual(requirements.map(({ id }) => id));
  });

  it('has for each either tests or a waiver', () => {
    const isOne = ({ tests, waiver }: Proof) =>
      (tests !== undefined && tests.length > 0) !== (waiver !== undefined);
    expect(entries.filter(([, proof]) => !isOne(proof)).map(([id]) => id)).toEqual([]);
  });

  it('names tests that exist', () => {
    const unknown = entries.flatMap(([id, { tests = [] }]) =>
      tests
        .filter((name) => {
          const { file, title } = splitName(name);
          return !titlesOf(file).includes(title);
        })
        .map((name) => `${id}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('waives with a reason', () => {
    expect(waivers.filter(({ reason }) => reason.trim().length < 20).map(({ id }) => id)).toEqual([]);
  });

  it('waives nothing for longer than a year, and nothing from tomorrow on', () => {
    const age = ({ date }: { date: string }) => Date.now() - Date.parse(`${date}T00:00:00Z`);
    expect(
      waivers.filter((waiver) => !(age(waiver) >= 0 && age(waiver) <= YEAR_MS)).map(({ id }) => id),
    ).toEqual([]);
  });

  it('stands in SECURITY.md as it is: npm run security:table', () => {
    expect(readFileSync(path.join(ROOT, 'SECURITY.md'), 'utf8')).toContain(
      renderTable(requirements, checklist),
    );
  });
});

describe('a title', () => {
  const source = `
    describe('a login', () => {
      it('is \\'refused\\'', () => {});
      it.each([1])('with %s tries', () => {});
      describe.each([['x']])('by $name', () => { test(\`at \${time}\`, () => {}); });
      for (const it of []) it.go('no title');
    });`;

  it('is found under what it stands in', () => {
    expect(titlesIn(source, 'x.spec.ts')).toEqual([
      "a login › is 'refused'",
      'a login › with %s tries',
      'a login › by $name › at ${time}',
    ]);
  });

  it.each([
    ['a login › with %s tries', 'a login › with 5 tries', true],
    ['a login › with %s tries', 'a login › with no end', false],
    ['by $name › at ${time} (UTC)', 'by Ada › at 10:00 (UTC)', true],
    ['a.c', 'abc', false],
  ])('%s reads when it runs like: %s, %s', (written, ran, fits) => {
    expect(runningTitle(written).test(ran)).toBe(fits);
  });
});

describe('a run in which a named test did not pass', () => {
  const map: Record<string, Proof> = {
    'V1.1.1': { tests: ['test/e2e/a.spec.ts › x › holds %s'] },
    'V1.1.2': { waiver: { reason: 'later', date: '2026-11-20' } },
  };

  it('is told which', () => {
    expect(missingIn(map, new Map([['test/e2e/a.spec.ts', ['x › breaks']]]), new Set(['e2e']))).toEqual([
      'V1.1.1: test/e2e/a.spec.ts › x › holds %s',
    ]);
  });

  it('is fine when it passed, or belongs to a tier that another run answers for', () => {
    expect(missingIn(map, new Map([['test/e2e/a.spec.ts', ['x › holds 1']]]), new Set(['e2e']))).toEqual([]);
    expect(missingIn(map, new Map(), new Set(['unit']))).toEqual([]);
  });
});
