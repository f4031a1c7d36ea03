import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { backupAroundUpgrade } from '../../../src/backup/backup-around-upgrade.js';
import { migrate, type UpgradeHooks } from '../../../src/database/migrate.js';
import { MIGRATIONS } from '../../../src/migrations/migrations.js';
import { migrateAsFirstVersion } from '../../support/older-schema.js';
import { testConfig } from '../../support/test-config.js';
import { createTestDatabase, openPool, type TestDatabase } from '../../support/test-database.js';

const ALL = MIGRATIONS.map(({ name }) => name);
const LATER = ALL.slice(1);

let database: TestDatabase;
let sql: pg.Pool;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
  await writeFile(path.join(folder, 'file'), '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  sql = openPool(database.urls.owner);
});
afterEach(async () => {
  await sql.end();
  await database.drop();
});

const migrations = async () =>
  (await sql.query<{ name: string }>('SELECT name FROM migrations ORDER BY id')).rows.map(({ name }) => name);
const silent = () => undefined;

describe('what is done before an upgrade', () => {
  let seen: unknown[];
  const hooks: UpgradeHooks = {
    before: async () => {
      const locks = await sql.query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      seen.push({ migrations: await migrations(), locks: locks.rowCount });
    },
    wayBack: () => Promise.resolve(undefined),
  };
  beforeEach(() => {
    seen = [];
  });

  it('is done once, under the lock, while the schema is still the old one', async () => {
    await migrateAsFirstVersion(database.urls.owner);
    await Promise.all([migrate(database.urls, silent, hooks), migrate(database.urls, silent, hooks)]);
    expect(seen).toEqual([{ migrations: ALL.slice(0, 1), locks: 1 }]);
    expect(await migrations()).toEqual(ALL);
  });

  it('is not done for a new database, nor where nothing is pending', async () => {
    await migrate(database.urls, silent, hooks);
    await migrate(database.urls, silent, hooks);
    expect(seen).toEqual([]);
  });

  it('and fails, ends the upgrade with nothing changed and nobody waiting', async () => {
    await migrateAsFirstVersion(database.urls.owner);
    const failing = { ...hooks, before: () => Promise.reject(new Error('No room.')) };
    await expect(migrate(database.urls, silent, failing)).rejects.toThrow('No room.');
    expect(await migrations()).toEqual(ALL.slice(0, 1));
    expect(await migrate(database.urls, silent, hooks)).toEqual(LATER);
  });
});

describe('an upgrade whose backup cannot be made', () => {
  const secret = () => `k1:${randomBytes(32).toString('base64')}`;
  const configured = (env: Record<string, string>) =>
    testConfig(database.urls, { BACKUP_DIR: path.join(folder, 'file', 'backups'), ...env });
  const PRODUCTION = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://example.com',
    MAIL_DISABLED: 'true',
    ARGON2_MEMORY_KIB: '19456',
    ARGON2_TIME_COST: '2',
    APP_ENCRYPTION_KEY: secret(),
    LOG_SIGNING_KEY: secret(),
    TOKEN_PEPPER: secret(),
    JWT_SECRET_KEY: secret(),
  };

  async function upgrade(env: Record<string, string>): Promise<{ ran: string[]; said: string[] }> {
    await migrateAsFirstVersion(database.urls.owner);
    const said: string[] = [];
    const say = (message: string) => said.push(message);
    const hooks = backupAroundUpgrade(configured(env), say, new AbortController().signal);
    return { ran: await migrate(database.urls, say, hooks), said };
  }

  it('goes on outside production, and says so', async () => {
    const { ran, said } = await upgrade({});
    expect(ran).toEqual(LATER);
    expect(said).toEqual([
      'A backup is made before the upgrade …',
      expect.stringMatching(
        /^No backup was made before the upgrade, which goes on outside production\. .+\.$/,
      ),
      'Bringing the database schema up to date …',
    ]);
  });

  it('is refused in production, in a sentence that names the way round; that way it goes on', async () => {
    await expect(upgrade(PRODUCTION)).rejects.toThrow(
      /^The backup before the upgrade could not be made, and nothing was changed\. .+ set BACKUP_BEFORE_MIGRATION=false\.$/,
    );
    expect(await migrations()).toEqual(ALL.slice(0, 1));
    const { said } = await upgrade({ ...PRODUCTION, BACKUP_BEFORE_MIGRATION: 'false' });
    expect(said).toEqual(['Bringing the database schema up to date …']);
    expect(await migrations()).toEqual(ALL);
  });
});
