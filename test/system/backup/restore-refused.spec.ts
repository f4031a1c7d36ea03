import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { manifestOf, readManifest, writeManifest } from '../../../src/backup/archive/manifest.js';
import type { BackupFile } from '../../../src/backup/archive/backup-files.js';
import type { Actor } from '../../support/api-client.js';
import { mountSmallDisk } from '../../support/backup-stage.js';
import { RestoreStage } from '../../support/restore-stage.js';
import type { ServiceProcess } from '../../support/service-process.js';

let stage: RestoreStage;
let service: ServiceProcess;
let ada: Actor;
let backup: BackupFile;
beforeAll(async () => {
  stage = await RestoreStage.open();
  service = await stage.startService();
  ada = await stage.signUp(service);
  await service.api.as(ada).post('/users/notes', { title: 'a note', content: 'before' });
  backup = await stage.backUp();
});
afterAll(() => stage.close());

/** What a restore that is refused says: its one sentence. */
async function refusal(
  args: string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<string> {
  const before = { content: await stage.content(), files: await stage.files() };
  const { code, stdout, stderr } = await stage.command(['backup:restore', ...args], options);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(await stage.content()).toEqual(before.content);
  expect(await stage.siblings()).toEqual([]);
  expect((await stage.answerOf(() => service.api.as(ada).get('/users/info'))).status).toBe(200);
  return stderr.trim().split('\n').at(-1)!;
}

async function copy(): Promise<string> {
  const file = path.join(stage.dir, `copy-${Math.random()}.dump`);
  await writeFile(file, await readFile(backup.file));
  await writeFile(manifestOf(file), await readFile(manifestOf(backup.file)));
  return file;
}

const name = () => path.basename(backup.file);

describe('a restore is refused and changes nothing', () => {
  it('when something else than the name of the database is typed, or nothing', async () => {
    for (const input of ['yes\n', '\n', ''])
      expect(await refusal([name()], { input })).toBe('The restore was not confirmed; nothing was changed.');
  });

  it('when there is no such file, or it has no manifest', async () => {
    expect(await refusal(['nowhere.dump', '--yes'])).toContain(`${stage.dir}/nowhere.dump`);
    await writeFile(path.join(stage.dir, 'bare.dump'), 'x');
    expect(await refusal(['bare.dump', '--yes'])).toContain('bare.dump.json is missing');
  });

  it('when the file was cut off', async () => {
    const file = await copy();
    await truncate(file, backup.manifest.bytes - 1);
    expect(await refusal([file, '--yes'])).toContain('is not the file that its manifest describes');
  });

  it('when one bit of the file is another', async () => {
    const file = await copy();
    const bytes = await readFile(file);
    const middle = bytes.length >> 1;
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    await writeFile(file, bytes);
    expect(await refusal([file, '--yes'])).toContain('is not the file that its manifest describes');
  });

  it('when it is not what its manifest says, though every byte is', async () => {
    const file = await copy();
    const manifest = await readManifest(file);
    await writeManifest(file, { ...manifest, rows: { ...manifest.rows, 'public.notes': 7 } });
    expect(await refusal([file, '--yes'])).toContain(
      'The restored table public.notes has 1 rows instead of 7',
    );
  });

  it('when a newer version of the service made it', async () => {
    const file = await copy();
    const manifest = await readManifest(file);
    await writeManifest(file, {
      ...manifest,
      service: '9.9.9',
      migrations: [...manifest.migrations, 'AddWonders9999999999999'],
    });
    expect(await refusal([file, '--yes'])).toContain('made by a newer version of the service (9.9.9)');
  });

  it('when the key that it needs is missing, or another one', async () => {
    const other = Buffer.alloc(32, 'x').toString('base64');
    expect(await refusal([name(), '--yes'], { env: { APP_ENCRYPTION_KEY: `k9:${other}` } })).toContain(
      'needs the key "k1", which APP_ENCRYPTION_KEY does not hold',
    );
    expect(await refusal([name(), '--yes'], { env: { APP_ENCRYPTION_KEY: `k1:${other}` } })).toContain(
      'The key "k1" of APP_ENCRYPTION_KEY is not the one',
    );
  });

  it('when a backup is being made', async () => {
    const [locked] = await stage.sql<{ pid: number }>(
      'SELECT pg_advisory_lock(4101000002), pg_backend_pid() AS pid',
    );
    try {
      expect(await refusal([name(), '--yes'])).toContain('A backup or a restore is running');
    } finally {
      await stage.asSuperuser(`SELECT pg_terminate_backend(${locked!.pid})`);
      await stage.reconnect();
    }
  });

  it('when a connection that it may not end stays', async () => {
    await stage.asSuperuser(`DROP ROLE IF EXISTS stranger_${stage.database.name}`);
    await stage.asSuperuser(
      `CREATE ROLE stranger_${stage.database.name} LOGIN SUPERUSER PASSWORD 'stranger'`,
    );
    const url = stage.database.urls.owner.replace(
      /\/\/[^@]*@/,
      `//stranger_${stage.database.name}:stranger@`,
    );
    const stranger = await stage.connect(url, 'somebody at a terminal');
    try {
      expect(await refusal([name(), '--yes'])).toMatch(
        /may not be ended by its owner's role: stranger_\S+ \(pid \d+, somebody at a terminal\)\. /,
      );
    } finally {
      await stranger.end();
      await stage.asSuperuser(`DROP ROLE stranger_${stage.database.name}`);
    }
  }, 120_000);

  it('when the present database cannot be backed up first', async () => {
    const dir = path.join(stage.dir, 'bare.dump', 'folder');
    expect(await refusal([backup.file, '--yes'], { env: { BACKUP_DIR: dir } })).toMatch(
      /could not be backed up first: The folder \S+ cannot be made .* --without-safety-dump/,
    );
  });

  it('when the disk of the backups has no room for one of the present database', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'mc101-disk-'));
    const disk = mountSmallDisk(dir, 8_000_000);
    try {
      expect(await refusal([backup.file, '--yes'], { env: { BACKUP_DIR: dir } })).toMatch(
        /could not be backed up first: \S+ has \d+ MB free and about \d+ MB are needed for the backup: free some, or set BACKUP_DIR\. Nothing was changed\. /,
      );
      expect(await readdir(dir)).toEqual([]);
    } finally {
      disk.unmount();
      await rm(dir, { recursive: true });
    }
  });
});

it('a restore that would lose votes is refused, and done when that is accepted', async () => {
  const candidate = await stage.addCandidate();
  expect((await service.api.as(ada).post('/users/vote', { candidate_id: candidate })).status).toBe(201);
  expect(await refusal([name(), '--yes'])).toBe(
    '1 vote of the present database would be lost; nothing was changed. --accept-lost-votes restores all the same.',
  );
  const said = await stage.succeed(['backup:restore', name(), '--accept-lost-votes'], {
    input: `${stage.database.name}\n`,
  });
  expect(said).toContain('Votes lost: 1.');
  expect(await stage.sql('SELECT id FROM ballots')).toEqual([]);
});
