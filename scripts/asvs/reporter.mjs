// Fails a whole run of Jest in which a test that the ASVS checklist names did not run and pass.
import path from 'node:path';
import { readChecklist, splitName } from './checklist.mjs';
import { runningTitle } from './test-titles.mjs';

const root = path.resolve(import.meta.dirname, '..', '..');

export default class AsvsReporter {
  constructor(globalConfig) {
    const { testPathPatterns, testNamePattern, onlyChanged, findRelatedTests, runTestsByPath, shard } =
      globalConfig;
    this.isWhole =
      !testNamePattern &&
      !onlyChanged &&
      !findRelatedTests &&
      !runTestsByPath &&
      !shard &&
      (testPathPatterns?.patterns ?? []).length === 0;
  }

  onRunComplete(contexts, { testResults }) {
    if (!this.isWhole) return;
    const passed = new Map();
    const tiers = new Set();
    for (const { testFilePath, testResults: tests, displayName } of testResults) {
      tiers.add(displayName?.name);
      const file = path.relative(root, testFilePath);
      const titles = tests
        .filter(({ status }) => status === 'passed')
        .map(({ ancestorTitles, title }) => [...ancestorTitles, title].join(' › '));
      passed.set(file, [...(passed.get(file) ?? []), ...titles]);
    }
    this.missing = missingIn(readChecklist(), passed, tiers);
  }

  getLastError() {
    if (!this.missing?.length) return undefined;
    return new Error(
      `The ASVS checklist names tests that did not run and pass:\n${this.missing.map((name) => `  - ${name}`).join('\n')}`,
    );
  }
}

/**
 * @param passed titles by file
 * @param tiers that ran: what another run answers for is not missing here
 */
export function missingIn(checklist, passed, tiers) {
  return Object.entries(checklist).flatMap(([id, { tests = [] }]) =>
    tests
      .filter((name) => {
        const { file, title } = splitName(name);
        if (!tiers.has(tierOf(file))) return false;
        const pattern = runningTitle(title);
        return !(passed.get(file) ?? []).some((ran) => pattern.test(ran));
      })
      .map((name) => `${id}: ${name}`),
  );
}

function tierOf(file) {
  if (file.startsWith('src/')) return 'unit';
  const folder = file.split('/')[1];
  return folder === 'system' ? 'local postgres' : folder;
}
