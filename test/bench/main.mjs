// npm run bench: see README.md.
import { performance } from 'node:perf_hooks';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { preflight } from '../../scripts/preflight.mjs';
import { EndOfRun } from './end-of-run.mjs';
import { MAX_RUN_SECONDS, ROUNDS } from './settings.mjs';

const PARTS = ['flood', 'timing', 'reset-timing', 'backup'];

preflight();
const { build } = await import('../../scripts/build.mjs');
await build();
// What follows stands on dist/.
const { ROUTES, ROUTE_NAMES } = await import('./routes.mjs');
const { openContest } = await import('./contest.mjs');
const { measureRoutes } = await import('./measure-routes.mjs');
const { measureLoginFlood } = await import('./measure-login-flood.mjs');
const { measureLoginTiming } = await import('./measure-login-timing.mjs');
const { measureResetTiming } = await import('./measure-reset-timing.mjs');
const { measureBackup } = await import('./measure-backup.mjs');
const { judge } = await import('./bounds.mjs');
const { render, writeJson } = await import('./report.mjs');

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, profile: { type: 'string' } },
});
const wanted = options.only?.split(',') ?? [...ROUTE_NAMES, ...PARTS];
const startedAt = performance.now();
const end = new EndOfRun(MAX_RUN_SECONDS);

await end.after(async () => {
  const unknown = wanted.filter((name) => ![...ROUTE_NAMES, ...PARTS].includes(name));
  if (unknown.length > 0) throw new Error(`--only knows ${[...ROUTE_NAMES, ...PARTS].join(', ')}.`);
  const { contestants, service, installation, serverVersion } = await openContest({
    profileDir: options.profile,
    say,
    onExit: end.onExit,
  });
  const routes = await measureRoutes(
    ROUTES.filter(({ name }) => wanted.includes(name)),
    contestants,
    say,
  );
  const flood = wanted.includes('flood') ? await measureLoginFlood(service, say) : undefined;
  const timing = wanted.includes('timing') ? await measureLoginTiming(service, say) : undefined;
  const resets = wanted.includes('reset-timing')
    ? await measureResetTiming(installation, say, end.onExit)
    : undefined;
  const backup = wanted.includes('backup')
    ? await measureBackup(service, installation.database.owner, say)
    : undefined;
  const verdicts = judge({ routes, flood, timing, resets, backup });
  process.stdout.write(`${render({ routes, flood, timing, resets, backup, verdicts })}\n`);
  const file = await writeJson({
    at: new Date().toISOString(),
    machine: { cores: availableParallelism(), cpu: cpus()[0]?.model, node: process.versions.node },
    postgres: serverVersion,
    rounds: ROUNDS,
    seconds: (performance.now() - startedAt) / 1000,
    routes,
    flood,
    timing,
    resets,
    backup,
    verdicts,
  });
  say(`written to ${file}`);
});

function say(message) {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(3);
  process.stdout.write(`${seconds} s  ${message}\n`);
}
