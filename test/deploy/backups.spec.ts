import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import { Deployment } from './deployment.js';

let site: Deployment;
afterEach(() => site.close());

it('three processes make one backup at each moment of the schedule, restored and compared', async () => {
  // Every five seconds instead of every hour.
  site = await Deployment.start({ env: { BACKUP_CRON: '*/5 * * * * *' } });
  const slots = async () =>
    (
      await site.sql.query<{ slot: Date; runs: number; verified: number }>(
        `SELECT slot, count(*)::int AS runs, count(*) FILTER (WHERE verification = 'restore')::int AS verified
         FROM backups WHERE slot IS NOT NULL AND state <> 'running' GROUP BY slot`,
      )
    ).rows;
  while ((await slots()).length < 3) await delay(100);
  const found = await slots();
  expect(found.map(({ runs, verified }) => [runs, verified])).toEqual(found.map(() => [1, 1]));
  for (const { slot } of found) expect(slot.getTime() % 5_000).toBe(0);

  // The folder is the one of all three.
  const files = await readdir(path.join(site.folder, 'backups'));
  const dumps = files.filter((name) => name.endsWith('.dump'));
  const rows = await site.sql.query<{ file: string }>(`SELECT file FROM backups WHERE state = 'verified'`);
  expect(dumps.filter((name) => rows.rows.some(({ file }) => file === name)).sort()).toEqual(
    rows.rows.map(({ file }) => file).sort(),
  );
  const ready = await site.services[1]!.api.get('/ready');
  expect(ready.body.checks.backup.status).toBe('ok');
});
