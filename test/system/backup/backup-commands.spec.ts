import { readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { manifestOf } from '../../../src/backup/archive/manifest.js';
import type { BackupFile } from '../../../src/backup/archive/backup-files.js';
import { RestoreStage } from '../../support/restore-stage.js';

let stage: RestoreStage;
let backup: BackupFile;
beforeAll(async () => {
  stage = await RestoreStage.open();
  const service = await stage.startService();
  await stage.signUp(service);
  await service.stop();
  backup = await stage.backUp();
});
afterAll(() => stage.close());

/** Where nobody answers. */
const NOWHERE = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing', DATABASE_OWNER_URL: '' };

describe('backup:list', () => {
  it('shows every backup as a table, without a database', async () => {
    const { bytes, taken_at: takenAt } = backup.manifest;
    const [head, line, ...rest] = (await stage.succeed(['backup:list'], { env: NOWHERE })).trim().split('\n');
    expect(head!.split(/ {2,}/)).toEqual(['FILE', 'TAKEN AT', 'REASON', 'BYTES', 'VERIFICATION']);
    expect(line!.split(/ {2,}/)).toEqual([
      path.basename(backup.file),
      takenAt,
      'manual',
      String(bytes),
      'restored and compared',
    ]);
    expect(rest).toEqual([]);
  });

  it('says where it looked when there is none', async () => {
    const dir = path.join(stage.dir, 'empty');
    const { code, stdout, stderr } = await stage.command(['backup:list'], { env: { BACKUP_DIR: dir } });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain(`There is no backup in ${dir}.\n`);
  });
});

describe('backup:verify', () => {
  it('restores into a scratch database and compares, and leaves nothing', async () => {
    expect(await stage.succeed(['backup:verify', path.basename(backup.file)])).toContain(
      'restored and compared; it is as it was made.',
    );
    const scratch = await stage.asSuperuser(
      `SELECT datname FROM pg_database WHERE datname LIKE 'mc101_scratch_%'`,
    );
    expect(scratch).toEqual([]);
    expect(await stage.siblings()).toEqual([]);
  });

  it('reads a file through without a database, by a path from the folder that somebody is in', async () => {
    const relative = path.join('.', path.basename(backup.file));
    expect(
      await stage.succeed(['backup:verify', '--read', relative], {
        env: { ...NOWHERE, BACKUP_DIR: '/nowhere', INIT_CWD: stage.dir },
      }),
    ).toContain('read through; it is as it was made.');
  });

  it('refuses what was cut off, in one sentence', async () => {
    const file = path.join(stage.dir, 'cut.dump');
    await writeFile(file, await readFile(backup.file));
    await writeFile(manifestOf(file), await readFile(manifestOf(backup.file)));
    await truncate(file, backup.manifest.bytes >> 1);
    const { code, stdout, stderr } = await stage.command(['backup:verify', 'cut.dump']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trim().split('\n').at(-1)).toContain('is not the file that its manifest describes');
  });

  it('refuses a backup whose key is another one', async () => {
    const other = `k1:${Buffer.alloc(32, 'x').toString('base64')}`;
    const { code, stderr } = await stage.command(['backup:verify', backup.file], {
      env: { APP_ENCRYPTION_KEY: other },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('is not the one that this backup was made with');
  });
});

describe('backup:drop-old', () => {
  it('lists what restores have replaced, drops it when told twice, and nothing else', async () => {
    const none = await stage.command(['backup:drop-old']);
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('No replaced database is kept.\n');
    await stage.succeed(['backup:restore', backup.file, '--yes']);
    const [former] = await stage.siblings();
    expect(await stage.succeed(['backup:drop-old'])).toMatch(new RegExp(`^${former} {2}\\d+ bytes\n$`));

    for (const name of [stage.database.name, `${stage.database.name}_before_never`, 'postgres']) {
      const refused = await stage.command(['backup:drop-old', name, '--yes']);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain('is no database that a restore has replaced');
    }
    const unconfirmed = await stage.command(['backup:drop-old', former!], { input: 'yes\n' });
    expect(unconfirmed.stderr).toContain('nothing was dropped');
    expect(await stage.siblings()).toEqual([former]);
    await stage.succeed(['backup:drop-old', former!], { input: `${former}\n` });
    expect(await stage.siblings()).toEqual([]);
  });
});
