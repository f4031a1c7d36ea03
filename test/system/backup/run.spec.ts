import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { readManifest, writeManifest, type Manifest } from '../../../src/backup/archive/manifest.js';
import { readArchive } from '../../../src/backup/archive/read-archive.js';
import { BackupAlarms } from '../../../src/backup/backup-alarms.js';
import { makeBackup } from '../../../src/backup/runs/make-backup.js';
import { verifyByRestoring, verifyBytes } from '../../../src/backup/runs/verify-archive.js';
import { Clock } from '../../../src/common/clock.js';
import { parseKeyRing } from '../../../src/crypto/parse-key-ring.js';
import { asSuperuser, BackupStage, mountSmallDisk } from '../../support/backup-stage.js';
import { createTestDatabase } from '../../support/test-database.js';

let stage: BackupStage;
afterEach(async () => {
  await stage.close();
});

const permissions = async (file: string) => (await stat(file)).mode & 0o777;

describe('a backup', () => {
  it('is a dump that nobody else can read, with a manifest that says what is in it', async () => {
    stage = await BackupStage.open();
    const [ada] = await Promise.all([stage.server.signUp(), stage.server.signUp()]);
    await stage.server.as(ada).post('/users/notes', { title: 'milk', content: 'two litres' });

    const { file, manifest } = await stage.run();

    expect(await stage.files()).toEqual([path.basename(file), `${path.basename(file)}.json`]);
    expect(path.basename(file)).toMatch(/^mc101-\d{8}T\d{6}Z-[0-9a-f]{8}\.dump$/);
    expect(await permissions(file)).toBe(0o600);
    expect(await permissions(`${file}.json`)).toBe(0o600);
    expect(manifest).toMatchObject({
      reason: 'manual',
      database: stage.server.database.name,
      rows: { 'public.users': 2, 'public.notes': 1, 'public.user_keys': 1, 'public.ballots': 0 },
      key_ids: ['k1'],
      bytes: (await stat(file)).size,
      verification: 'restore',
    });
    expect(manifest.migrations.length).toBeGreaterThan(1);
    expect(await readManifest(file)).toEqual(JSON.parse(JSON.stringify(manifest)));
    expect(await stage.scratchDatabases()).toEqual([]);
  });

  it('never has a password on a command line or in an environment', async () => {
    stage = await BackupStage.open();
    await stage.run();
    const password = decodeURIComponent(/:\/\/[^:]+:([^@]+)@/.exec(stage.server.config.database.direct)![1]!);
    for (const tool of ['pg_dump', 'pg_restore'] as const) {
      const record = await stage.tools.record(tool);
      expect(record).toContain('--dbname=');
      expect(record).not.toContain(password);
    }
  });

  it('holds one moment: what is written while it runs is in the next one', async () => {
    stage = await BackupStage.open();
    await stage.server.signUp();
    await stage.tools.hold('pg_dump');
    const running = stage.run();
    await stage.tools.held('pg_dump');
    await stage.server.signUp();
    await stage.tools.release('pg_dump');
    expect((await running).manifest.rows['public.users']).toBe(1);
    expect((await stage.run()).manifest.rows['public.users']).toBe(2);
  });

  it('copies other schemas, odd names and large rows', async () => {
    stage = await BackupStage.open();
    await stage.server.sql.query(`
      CREATE SCHEMA "Other ""one"""; CREATE TABLE "Other ""one"""."T able" (id int, body bytea);
      CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
      INSERT INTO parts VALUES (1), (2);
      CREATE VIEW seen AS SELECT * FROM parts; CREATE MATERIALIZED VIEW kept AS SELECT * FROM parts`);
    await stage.server.sql.query(`INSERT INTO "Other ""one"""."T able" VALUES (1, $1)`, [
      randomBytes(8_000_000),
    ]);
    const { manifest } = await stage.run();
    expect(manifest.rows).toMatchObject({ 'Other "one".T able': 1, 'public.part_1': 2 });
    expect(manifest.bytes).toBeGreaterThan(8_000_000);
  });

  it('made by a role that may not create databases is only read through, and says so', async () => {
    const database = await createTestDatabase();
    await asSuperuser(database, `CREATE ROLE ${database.name} LOGIN PASSWORD 'x' IN ROLE mc101_owner`);
    const url = new URL(database.urls.direct.replace('@/', '@localhost/'));
    url.username = database.name;
    url.password = 'x';
    const direct = url.href.replace('@localhost/', '@/');
    stage = await BackupStage.open({ database: { ...database, urls: { ...database.urls, direct } } });
    const { manifest } = await stage.run();
    expect(manifest).toMatchObject({ verification: 'read', note: expect.stringContaining('CREATEDB') });
    await stage.close();
    await database.drop();
    await asSuperuser(database, `DROP ROLE ${database.name}`);
    stage = await BackupStage.open();
  });

  it('is only read through where that is configured, or where it is large and not the first of its day', async () => {
    stage = await BackupStage.open({ env: { BACKUP_VERIFY_DAILY_ABOVE_MB: '1' } });
    await stage.server.sql.query(`CREATE TABLE bulk (body bytea)`);
    await stage.server.sql.query(`INSERT INTO bulk VALUES ($1)`, [randomBytes(1_500_000)]);
    expect((await stage.run()).manifest.verification).toBe('restore');
    expect((await stage.run()).manifest).toMatchObject({
      verification: 'read',
      note: expect.stringContaining('BACKUP_VERIFY_DAILY_ABOVE_MB'),
    });
  });
});

describe('a backup that fails', () => {
  const failure = async () => {
    await expect(stage.run()).rejects.toThrow();
    const { rows } = await stage.server.sql.query('SELECT * FROM backups ORDER BY id DESC LIMIT 1');
    return rows[0] as { state: string; error: string; file: string | null };
  };

  it('because the disk is too small is refused before it begins', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'mc101-disk-'));
    const disk = mountSmallDisk(dir, 8_000_000);
    try {
      stage = await BackupStage.open({ dir });
      expect(await failure()).toMatchObject({
        state: 'failed',
        file: null,
        error: expect.stringMatching(/has \d+ MB free and about \d+ MB are needed for the backup/),
      });
      await expect(stage.tools.record('pg_dump')).rejects.toThrow('ENOENT');
    } finally {
      disk.unmount();
    }
  });

  it('because the disk fills up while it is written leaves nothing, and the older one stays', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'mc101-disk-'));
    const disk = mountSmallDisk(dir, 46_000_000);
    try {
      stage = await BackupStage.open({ dir, env: { BACKUP_RETENTION_DAYS: '1' } });
      const { file } = await stage.run();
      await age(file, 3);
      await stage.server.sql.query('CREATE TABLE bulk (body bytea)');
      // Does not compress, so that the dump is as large as the table.
      for (let n = 0; n < 10; n++)
        await stage.server.sql.query('INSERT INTO bulk VALUES ($1)', [randomBytes(5_000_000)]);
      expect(await failure()).toMatchObject({
        state: 'failed',
        error: expect.stringContaining('no space left'),
      });
      expect(await stage.files()).toEqual([path.basename(file), `${path.basename(file)}.json`]);
      expect(await stage.scratchDatabases()).toEqual([]);
    } finally {
      disk.unmount();
    }
  });

  it('because the service stops ends its programs and leaves nothing', async () => {
    stage = await BackupStage.open();
    await stage.tools.hold('pg_restore');
    const running = stage.run();
    const outcome = expect(running).rejects.toThrow('The service was stopped before the backup was done.');
    await stage.tools.held('pg_restore');
    expect(await stage.scratchDatabases()).toHaveLength(1);
    await stage.server.app.close();
    await outcome;
    expect(await stage.files()).toEqual([]);
    expect(await stage.scratchDatabases()).toEqual([]);
    const { rows } = await stage.server.sql.query('SELECT state, error FROM backups');
    expect(rows).toEqual([{ state: 'failed', error: 'The service was stopped before the backup was done.' }]);
  });

  it('tells the alarms and the admins, and so does the next one that succeeds', async () => {
    stage = await BackupStage.open();
    const admin = await stage.server.signUpAdmin();
    const told: string[] = [];
    const alarms = stage.server.app.get(BackupAlarms);
    alarms.on('failed', (why) => Promise.resolve(void told.push(why)));
    alarms.on('recovered', () => Promise.resolve(void told.push('recovered')));
    await stage.server.sql.query('ALTER TABLE migrations RENAME TO hidden');
    await stage.server.sql.query('CREATE TABLE migrations (id text)');
    await expect(stage.run()).rejects.toThrow();
    await stage.server.sql.query('DROP TABLE migrations');
    await stage.server.sql.query('ALTER TABLE hidden RENAME TO migrations');
    await stage.run();
    await stage.run();
    expect(told).toEqual([expect.stringContaining('name'), 'recovered']);
    const letters = (await stage.server.mailsTo(admin.email)).map(({ kind }) => kind);
    expect(letters.filter((kind) => kind.startsWith('backup'))).toEqual(['backupFailed', 'backupRecovered']);
  });

  it('tells the alarms of a file that has shrunk', async () => {
    stage = await BackupStage.open();
    const told: number[][] = [];
    stage.server.app.get(BackupAlarms).on('shrunk', (...sizes) => Promise.resolve(void told.push(sizes)));
    await stage.server.sql.query('CREATE TABLE bulk (body bytea)');
    await stage.server.sql.query('INSERT INTO bulk VALUES ($1)', [randomBytes(500_000)]);
    const before = await stage.run();
    await stage.server.sql.query('DROP TABLE bulk');
    const after = await stage.run();
    expect(told).toEqual([[after.manifest.bytes, before.manifest.bytes]]);
  });
});

describe('retention', () => {
  it('removes what is too old once a newer one is verified, with its manifest', async () => {
    stage = await BackupStage.open({ env: { BACKUP_RETENTION_DAYS: '7' } });
    const old = await stage.run();
    await age(old.file, 8);
    const recent = await stage.run();
    await age(recent.file, 6);
    await writeFile(path.join(stage.dir, 'mc101-notes.txt'), "somebody else's");
    const newest = await stage.run();
    const names = [recent, newest].flatMap(({ file }) => [
      path.basename(file),
      `${path.basename(file)}.json`,
    ]);
    expect(await stage.files()).toEqual([...names, 'mc101-notes.txt'].sort());
    const { rows } = await stage.server.sql.query('SELECT file FROM backups ORDER BY id');
    expect(rows.map(({ file }) => file)).toEqual([
      null,
      path.basename(recent.file),
      path.basename(newest.file),
    ]);
  });

  it('removes nothing while a backup is dated in the future', async () => {
    stage = await BackupStage.open();
    const [old, future] = [await stage.run(), await stage.run()];
    await age(old.file, 30);
    await age(future.file, -400);
    await stage.run();
    expect(await stage.files()).toHaveLength(6);
  });
});

describe('what belongs to another installation, or is no backup', () => {
  it('is left alone in a folder that two share, finished or not', async () => {
    stage = await BackupStage.open({ env: { BACKUP_RETENTION_DAYS: '1' } });
    await stage.server.signUp();
    const foreign = await BackupStage.open({ dir: stage.dir });
    try {
      await foreign.server.signUp();
      const theirs = await foreign.run();
      await age(theirs.file, 30);
      await foreign.tools.hold('pg_dump');
      const running = foreign.run();
      await foreign.tools.held('pg_dump');
      const ours = await stage.run();
      await foreign.tools.release('pg_dump');
      const second = await running;
      const names = [ours, second].map(({ file }) => path.basename(file));
      expect(await stage.files()).toEqual(expect.arrayContaining(names));
      expect((await stage.run()).manifest.installation).not.toBe(theirs.manifest.installation);
    } finally {
      await foreign.closeServer();
    }
  });

  it('does not disturb a run: folders, pipes and links of such names', async () => {
    stage = await BackupStage.open();
    await mkdir(path.join(stage.dir, 'mc101-odd.partial'));
    execFileSync('mkfifo', [path.join(stage.dir, 'mc101-20990101T000000Z-00000000.dump.json')]);
    await writeFile(path.join(stage.dir, 'mc101-20990101T000000Z-00000000.dump'), '');
    await symlink('/etc/passwd', path.join(stage.dir, 'mc101-20980101T000000Z-00000000.dump'));
    await stage.run();
    const { body } = await stage.server.api.get('/ready');
    expect(body.status).toBe('ok');
  });
});

describe('a clock that was set while the service ran', () => {
  it('lets nothing expire', async () => {
    stage = await BackupStage.open({ env: { BACKUP_CRON: '0 * * * *' } });
    const old = await stage.run();
    await age(old.file, 8);
    const month = 30 * 86_400_000;
    stage.server.app.get(Clock).now = () => new Date(Date.now() + month);
    await stage.run();
    expect(await stage.files()).toHaveLength(4);
    const { body } = await stage.server.api.get('/ready');
    expect(body.checks.backup).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('The clock was set by 720 hours'),
    });
  });
});

describe('a disk of the database that has no room for the proof', () => {
  it('lowers it to having been read, and says so', async () => {
    stage = await BackupStage.open();
    const { server } = stage;
    const databaseFolder = await mkdtemp(path.join(tmpdir(), 'mc101-disk-'));
    const disk = mountSmallDisk(databaseFolder, 20_000_000);
    try {
      const { manifest } = await makeBackup({
        reason: 'manual',
        dir: stage.dir,
        url: server.config.database.direct,
        programs: server.config.programs,
        ring: parseKeyRing('APP_ENCRYPTION_KEY', server.config.secrets.APP_ENCRYPTION_KEY),
        proof: () => ({ how: 'restore' }),
        databaseFolder,
        now: () => new Date(),
        signal,
        onStep,
      });
      expect(manifest).toMatchObject({
        verification: 'read',
        note: expect.stringContaining('to restore it'),
      });
    } finally {
      disk.unmount();
      await rm(databaseFolder, { recursive: true });
    }
  });
});

describe('what goes wrong once a backup is made', () => {
  it('does not make it a failed one', async () => {
    stage = await BackupStage.open();
    stage.server.app.get(BackupAlarms).on('recovered', () => Promise.reject(new Error('nobody is there')));
    await stage.server.sql.query(
      `INSERT INTO backups (reason, state, error) VALUES ('manual', 'failed', 'no space')`,
    );
    const made = await stage.run();
    const { rows } = await stage.server.sql.query(
      'SELECT state, error FROM backups ORDER BY id DESC LIMIT 1',
    );
    expect(rows).toEqual([{ state: 'verified', error: null }]);
    expect(await stage.files()).toContain(path.basename(made.file));
    expect(stage.server.log()).toContain('somebody could not be told of the backup');
  });
});

describe('a file that is not what was written', () => {
  it('is found by reading it, wherever it was cut off', async () => {
    stage = await BackupStage.open();
    const { file } = await stage.run();
    const whole = await readFile(file);
    await readArchive(stage.tools.real, file, signal);
    for (let tenth = 0; tenth < 10; tenth++) {
      await writeFile(file, whole.subarray(0, Math.floor((whole.length * tenth) / 10)));
      await expect(readArchive(stage.tools.real, file, signal)).rejects.toThrow(/^pg_restore failed/);
    }
  });

  it('is found by its hash, for any one bit', async () => {
    stage = await BackupStage.open();
    const { file, manifest } = await stage.run();
    const whole = await readFile(file);
    for (const at of [0, 17, whole.length >> 1, whole.length - 1]) {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1;
      await writeFile(file, flipped);
      await expect(verifyBytes(file, manifest, { tools: stage.tools.real, signal, onStep })).rejects.toThrow(
        'is not the file that its manifest describes',
      );
    }
  });

  it('is found by restoring it, where its rows, migrations, keys or canary are others', async () => {
    stage = await BackupStage.open();
    const ada = await stage.server.signUp();
    await stage.server.as(ada).post('/users/notes', { title: 'milk', content: 'two litres' });
    const { file, manifest } = await stage.run();
    const ring = (entry: string) => parseKeyRing('APP_ENCRYPTION_KEY', entry);
    const own = ring(stage.server.config.secrets.APP_ENCRYPTION_KEY);
    const verify = async (changes: Partial<Manifest>, keys = own) =>
      verifyByRestoring(
        file,
        { ...manifest, ...changes },
        { tools: stage.tools.real, url: stage.server.config.database.direct, ring: keys, signal, onStep },
      );
    await verify({});
    const rows = { ...manifest.rows, 'public.users': 2 };
    await expect(verify({ rows })).rejects.toThrow('table public.users has 1 rows instead of 2');
    await expect(verify({ rows: { ...manifest.rows, 'public.gone': 3 } })).rejects.toThrow(
      'table public.gone has no rows instead of 3',
    );
    await expect(verify({ migrations: manifest.migrations.slice(1) })).rejects.toThrow('other migrations');
    await expect(verify({ key_ids: [] })).rejects.toThrow('other keys');
    const other = Buffer.alloc(32, 'x').toString('base64');
    await expect(verify({}, ring(`k2:${other}`))).rejects.toThrow('needs the key "k1"');
    await expect(verify({}, ring(`k1:${other}`))).rejects.toThrow(
      'is not the one that this backup was made with',
    );
    expect(await stage.scratchDatabases()).toEqual([]);
  });
});

const { signal } = new AbortController();
const onStep = () => undefined;

/** Makes a backup look as old as that. */
async function age(file: string, days: number): Promise<void> {
  const manifest: Manifest = await readManifest(file);
  const takenAt = new Date(Date.parse(manifest.taken_at) - days * 86_400_000);
  await writeManifest(file, { ...manifest, taken_at: takenAt.toISOString() });
}
