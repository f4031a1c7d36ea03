import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Operator } from '../../support/operator.js';

const operator = new Operator();
let dir: string | undefined;
afterEach(async () => {
  await operator.cleanUp();
  if (dir) await rm(dir, { recursive: true, force: true });
});

describe('npm start', () => {
  it('makes a backup at once where there is none, says so on /ready, and stops cleanly in the middle of one', async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'mc101-backups-'));
    const start = {
      dataDir: await operator.newDataDir(),
      env: { BACKUP_DIR: dir, BACKUP_CRON: '0 * * * *' },
    };
    const first = await operator.start(start);
    while ((await readdir(dir)).filter((name) => name.endsWith('.dump')).length < 1) await delay(50);
    let backup: { status: string; detail?: string };
    do {
      ({ backup } = (await first.api.get('/ready')).body.checks as { backup: typeof backup });
    } while (backup.detail !== undefined);
    expect(backup.status).toBe('ok');
    expect(await first.stop()).toEqual({ code: 0, signal: null });

    // Every second, so that the stop meets a run.
    const second = await operator.start({ ...start, env: { ...start.env, BACKUP_CRON: '* * * * * *' } });
    while (!(await readdir(dir)).some((name) => name.endsWith('.partial'))) await delay(5);
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    expect(second.stderr).toBe('');
    for (const name of await readdir(dir)) expect(name).toMatch(/\.dump(\.json)?$/);
  });
});
