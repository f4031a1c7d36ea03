import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { listBackupFiles } from '../../../src/backup/archive/backup-files.js';
import { verifyByRestoring, verifyBytes } from '../../../src/backup/runs/verify-archive.js';
import { parseKeyRing } from '../../../src/crypto/parse-key-ring.js';
import { findDumpTools } from '../../../src/database/embedded/find-dump-tools.js';
import { MIGRATIONS } from '../../../src/migrations/migrations.js';
import { migrateAsFirstVersion } from '../../support/older-schema.js';
import { Operator } from '../../support/operator.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { createTestDatabase, openPool, type TestDatabase } from '../../support/test-database.js';

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
    tools: (await findDumpTools(15, { searchPath: process.env['PATH'] }))!,
    url: database.urls.owner,
    ring: parseKeyRing('APP_ENCRYPTION_KEY', TEST_SECRETS.APP_ENCRYPTION_KEY),
    signal: new AbortController().signal,
    onStep: () => undefined,
  };
  await verifyBytes(file, manifest, work);
  await verifyByRestoring(file, manifest, work);
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
