import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { listBackupFiles } from '../../../src/backup/archive/backup-files.js';
import { verifyByRestoring, verifyBytes } from '../../../src/backup/runs/verify-archive.js';
import { parseKeyRing } from '../../../src/crypto/parse-key-ring.js';
import { MIGRATIONS } from '../../../src/migrations/migrations.js';
import { migrateAsFirstVersion } from '../../support/older-schema.js';
import { Operator } from '../../support/operator.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { ProgramProcess } from '../../support/service-process.js';
import { createTestDatabase, openPool, type TestDatabase } from '../../support/test-database.js';
import { toolsOfServer, WatchedTools } from '../../support/watched-tools.js';

jest.setTimeout(90_000);

const FIRST = MIGRATIONS[0]!.name;
const operator = new Operator();
let database: TestDatabase;
let sql: pg.Pool;
let backupDir: string;
let env: Record<string, string>;

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  sql = openPool(database.urls.owner);
  backupDir = path.join(await operator.folder(), 'backups');
  env = {
    ...TEST_SECRETS,
    DATABASE_URL: database.urls.app,
    DATABASE_OWNER_URL: database.urls.owner,
    BACKUP_DIR: backupDir,
    BACKUP_CRON: 'off',
  };
});
afterEach(async () => {
  await operator.cleanUp();
  await sql.end();
  await database.drop();
});

const start = async () => operator.start({ dataDir: await operator.newDataDir(), env });

it('an upgrade first makes a backup of the old schema, which restores', async () => {
  await migrateAsFirstVersion(database.urls.owner);
  await sql.query(
    `INSERT INTO users (name, email, email_normalized, voter_key) VALUES ('Ann', 'a@b.c', 'a@b.c', gen_random_uuid())`,
  );
  const service = await start();
  const [backup, ...more] = await listBackupFiles(backupDir);
  expect(more).toEqual([]);
  const { file, manifest } = backup!;
  expect(service.stdout).toContain(`Backup from before the upgrade: ${file}`);
  expect(service.stdout.indexOf('Dumping with pg_dump')).toBeLessThan(service.stdout.indexOf('Bringing the'));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(manifest).toMatchObject({ reason: 'migration', verification: 'read', migrations: [FIRST] });
  expect(manifest.rows).toMatchObject({ 'public.users': 1, 'public.migrations': 1 });

  const work = {
    tools: await toolsOfServer(),
    url: database.urls.owner,
    ring: parseKeyRing('APP_ENCRYPTION_KEY', TEST_SECRETS.APP_ENCRYPTION_KEY),
    signal: new AbortController().signal,
    onStep: () => undefined,
  };
  await verifyBytes(file, manifest, work);
  await verifyByRestoring(file, manifest, work);
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s while the backup before an upgrade is made', (signal) => {
  let tools: WatchedTools;
  let temporary: string;
  beforeEach(async () => {
    await migrateAsFirstVersion(database.urls.owner);
    tools = await WatchedTools.make();
    await tools.hold('pg_dump');
    temporary = path.join(await operator.folder(), 'tmp');
    await mkdir(temporary);
    env = { ...env, PG_BIN_DIR: tools.dir, TMPDIR: temporary };
  });
  afterEach(() => tools.remove());

  const passFiles = async () =>
    (await readdir(temporary)).filter((name) => name.startsWith('mc101-pass-')).length;
  const nothingIsLeft = async () => {
    expect(await passFiles()).toBe(0);
    expect(await readdir(backupDir)).toEqual([]);
    const { rows } = await sql.query<{ name: string }>('SELECT name FROM migrations');
    expect(rows).toEqual([{ name: FIRST }]);
  };

  it('ends the service, and leaves neither a password nor half a file', async () => {
    const service = await operator.launch({ dataDir: await operator.newDataDir(), env });
    await tools.held('pg_dump');
    expect(await passFiles()).toBe(1);
    expect(await service.stop(signal)).toEqual({ code: 0, signal: null });
    expect(service.stdout).toMatch(/: stopping …\nStopped\.\n$/);
    expect(service.stderr).toBe('');
    await nothingIsLeft();
  });

  it('ends a command, and leaves neither a password nor half a file', async () => {
    const command = new ProgramProcess('scripts/cli.mjs', ['admin:create', '--email', 'a@example.com'], {
      env,
    });
    await tools.held('pg_dump');
    expect(await passFiles()).toBe(1);
    command.signal(signal);
    expect(await command.ended).toEqual({ code: null, signal });
    await nothingIsLeft();
  });
});

it('a first start and a start with nothing to upgrade make no backup', async () => {
  await (await start()).stop();
  await (await start()).stop();
  expect(await readdir(backupDir).catch(() => [])).toEqual([]);
});

it('an older version that meets a newer schema names the backup that leads back', async () => {
  await migrateAsFirstVersion(database.urls.owner);
  await (await start()).stop();
  const [backup] = await listBackupFiles(backupDir);
  await sql.query(
    `INSERT INTO migrations ("timestamp", name) VALUES (9999999999999, 'FromTheFuture9999999999999')`,
  );
  const refusal = await operator.refusal({ dataDir: await operator.newDataDir(), env });
  expect(refusal).toBe(
    `The database has migrations that this version does not know; start the newer version, or restore a backup from before the upgrade: npm run cli -- backup:restore ${path.basename(backup!.file)}.`,
  );
});
