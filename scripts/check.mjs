// npm run check: everything that can be said about the code without its tests, and whether the migrations
// make what the entities describe; all of it even when a part fails.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { preflight, root } from './preflight.mjs';

preflight();
const { build } = await import('./build.mjs');
await build();

const CHECKS = [
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['lint', 'eslint', '--max-warnings', '0', '.'],
  ['types', 'tsc', '--project', 'tsconfig.json'],
  ['dependency rules', 'depcruise', '--config', '.dependency-cruiser.js', 'src'],
  ['unused code', 'knip'],
  ['code that only tests use', 'knip', '--production'],
  [
    'migrations against entities',
    process.execPath,
    path.join(root, 'scripts', 'run-jest.mjs'),
    ...['--selectProjects', 'integration', '--testPathPatterns', 'integration/migrations'],
  ],
];

const failed = [];
for (const [what, command, ...args] of CHECKS) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(path.resolve(root, 'node_modules', '.bin', command), args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${what} (${seconds} s)`);
  if (status !== 0) {
    failed.push(what);
    console.log(`${stdout}${stderr}`);
  }
}

if (failed.length > 0) {
  console.error(`Not in order: ${failed.join(', ')}.`);
  process.exit(1);
}
