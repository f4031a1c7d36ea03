import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { manifestOf } from '../../../src/backup/archive/manifest.js';
import { RestoreStage } from '../../support/restore-stage.js';

let stage: RestoreStage;
beforeEach(async () => {
  stage = await RestoreStage.open();
});
afterEach(() => stage.close());

describe('a made-up line in the file of deletions', () => {
  const LARGEST = 9_007_199_254_740_991;

  async function restoreWith(ids: number[], beforeRestore = () => Promise.resolve<unknown>(undefined)) {
    const service = await stage.startService();
    const ada = await stage.signUp(service);
    const { file, manifest } = await stage.backUp();
    const lines = ids.map((id) =>
      JSON.stringify({
        service: manifest.installation,
        user_id: id,
        deleted_at: '2030-01-01T00:00:00.000Z',
      }),
    );
    await appendFile(path.join(stage.dir, 'deletions.jsonl'), `${lines.join('\n')}\n`);
    await beforeRestore();
    const { code, stderr } = await stage.command([
      ...['backup:restore', file, '--yes', '--without-safety-dump', '--accept-lost-votes'],
    ]);
    expect(code).toBe(0);
    await stage.answerOf(() => service.api.get('/'));
    return { stderr, before: ada, after: await stage.signUp(service) };
  }

  it('takes no number from those who register after a restore, and is told of', async () => {
    const { stderr, before, after } = await restoreWith([LARGEST]);
    expect(stderr).toContain(
      'Lines of deletions.jsonl passed over, about accounts that neither database has given a number: 1.',
    );
    expect(after.id).toBe(before.id + 1);
    expect(await stage.sql('SELECT user_id FROM account_deletions')).toEqual([]);
  });

  it('takes none either where the present database can tell nothing, and what the file may know still counts', async () => {
    const { before, after } = await restoreWith([LARGEST, 40], () =>
      stage.sql('DROP TABLE account_deletions, service_keys CASCADE'),
    );
    expect(before.id).toBeLessThan(40);
    expect(after.id).toBe(41);
  });
});

describe('a database with every character in its name', () => {
  const NAME = 'm@c+1 #?&=,;:x';
  const rename = (from: string, to: string) =>
    stage.asSuperuser(`ALTER DATABASE "${from}" RENAME TO "${to}"`);

  it('is backed up, verified and restored', async () => {
    await rename(stage.database.name, NAME);
    const inDatabase = (url: string) => url.replace(stage.database.name, encodeURIComponent(NAME));
    const { app, owner } = stage.database.urls;
    const env = { DATABASE_URL: inDatabase(app), DATABASE_OWNER_URL: inDatabase(owner) };
    try {
      expect(await stage.succeed(['backup:run'], { env })).toContain('restored and compared');
      const [backup] = await stage.backups();
      expect(backup!.manifest.database).toBe(NAME);
      expect(await stage.succeed(['backup:verify', backup!.file], { env })).toContain(
        'restored and compared',
      );
      expect(await stage.succeed(['backup:restore', backup!.file, '--yes'], { env })).toContain(
        'The database is as it was',
      );
      const service = await stage.startService(env);
      await stage.signUp(service);
      await service.stop();
      expect(await stage.succeed(['backup:drop-old'], { env })).toContain(`${NAME}_before_`);
    } finally {
      const former = await stage.asSuperuser<{ name: string }>(
        `SELECT datname AS name FROM pg_database WHERE starts_with(datname, '${NAME}_')`,
      );
      for (const { name } of former) await stage.asSuperuser(`DROP DATABASE "${name}" WITH (FORCE)`);
      await stage.asSuperuser(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${NAME}'`,
      );
      await rename(NAME, stage.database.name);
    }
  });
});

it('a password with a percent sign that the service connects with serves a backup', async () => {
  const role = stage.database.name;
  await stage.asSuperuser(`CREATE ROLE ${role} LOGIN PASSWORD '10%off' IN ROLE mc101_owner`);
  try {
    // Beside a bare percent sign our driver takes what is written as %2F for just that.
    const url = decodeURIComponent(stage.database.urls.owner).replace(/\/\/.*@/, `//${role}:10%off@`);
    expect(await stage.succeed(['backup:run'], { env: { DATABASE_OWNER_URL: url } })).toContain(
      'read through',
    );
  } finally {
    await stage.sql(`REASSIGN OWNED BY ${role} TO mc101_owner`).catch(() => undefined);
    await stage.asSuperuser(`DROP ROLE ${role}`);
  }
});

describe('files that cannot be used', () => {
  const refusal = async (args: string[]) => {
    const { code, stderr } = await stage.command(args);
    expect(code).toBe(1);
    // No stack, and one sentence after whatever was said of the progress.
    expect(stderr).not.toMatch(/^ +at /m);
    return stderr.trim().split('\n').at(-1);
  };

  it('a folder with the name of a backup is refused in a sentence', async () => {
    const { file } = await stage.backUp();
    const folder = path.join(stage.dir, 'folder.dump');
    await mkdir(folder);
    await writeFile(manifestOf(folder), await readFile(manifestOf(file)));
    for (const command of [['backup:verify'], ['backup:verify', '--read'], ['backup:restore', '--yes']])
      expect(await refusal([...command, folder])).toBe(`${folder} is no file: give the .dump itself.`);
  });

  it('a file of deletions that cannot be read is told of in a sentence', async () => {
    const { file } = await stage.backUp();
    const place = path.join(stage.dir, 'deletions.jsonl');
    await mkdir(place);
    for (const command of [['backup:run'], ['backup:restore', file, '--yes', '--without-safety-dump']])
      expect(await refusal(command)).toMatch(/cannot be used \(EISDIR, \w+\): correct the file/);
  });
});

describe('a backup that is not of this installation', () => {
  it('is told of before anything of it runs, and --read runs nothing', async () => {
    const { file } = await stage.backUp();
    const manifest = JSON.parse(await readFile(manifestOf(file), 'utf8')) as Record<string, unknown>;
    const foreign = { ...manifest, installation: '2020-01-01T00:00:00.000000Z' };
    await writeFile(manifestOf(file), JSON.stringify(foreign));
    const told = /not of this installation.*owner role[^]*Restoring into/;
    expect((await stage.command(['backup:verify', file])).stderr).toMatch(told);
    const restore = await stage.command(['backup:restore', file], { input: 'no\n' });
    expect(restore.stderr).toContain('not of this installation');
    expect((await stage.command(['backup:verify', '--read', file])).stderr).not.toContain('installation');
  });
});
