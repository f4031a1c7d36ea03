import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type pg from 'pg';
import { AppModule } from '../../../src/app.module.js';
import { KeyRingUnfitError } from '../../../src/keys/keys.errors.js';
import { KeysService } from '../../../src/keys/keys.service.js';
import { ServiceKeysService } from '../../../src/keys/service-keys.service.js';
import { testConfig } from '../../support/test-config.js';
import { createTestDatabase, openPool, type TestDatabase } from '../../support/test-database.js';

const key = (id: string, fill: string) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const OLD = key('k1', 'a');
const NEW = key('k2', 'b');

let database: TestDatabase;
let sql: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = openPool(database.urls.owner);
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});
beforeEach(async () => {
  await sql.query('TRUNCATE key_canaries, service_keys');
});

const boot = (ring: string) =>
  NestFactory.createApplicationContext(
    AppModule.forRoot(testConfig(database.urls, { APP_ENCRYPTION_KEY: ring })),
    { logger: false, abortOnError: false },
  );

/** Starts the service on a ring, lets it work, and stops it. */
async function on<T>(ring: string, work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const app = await boot(ring);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

async function refusalOf(ring: string): Promise<KeyRingUnfitError> {
  const outcome = await boot(ring).then(
    async (app) => {
      await app.close();
      return undefined;
    },
    (error: unknown) => error,
  );
  if (!(outcome instanceof KeyRingUnfitError)) throw new Error(`Expected a refusal, got ${String(outcome)}`);
  return outcome;
}

const serviceKey = (name: string) => (app: INestApplicationContext) => app.get(ServiceKeysService).get(name);
const rotate = (app: INestApplicationContext) => app.get(KeysService).rotate(() => undefined);
const idsInUse = async () =>
  (await sql.query<{ key_id: string }>('SELECT DISTINCT key_id FROM service_keys ORDER BY 1')).rows.map(
    (row) => row.key_id,
  );
const storedRows = async () =>
  (await sql.query('SELECT * FROM service_keys ORDER BY name')).rows as unknown[];

describe('a service key', () => {
  it('is drawn once and stays the same over restarts, another one for each name', async () => {
    const first = await on(OLD, serviceKey('voter-address'));
    const again = await on(OLD, serviceKey('voter-address'));
    const other = await on(OLD, serviceKey('other'));
    expect(first).toHaveLength(32);
    expect(again.equals(first)).toBe(true);
    expect(other.equals(first)).toBe(false);
  });

  it('is the same for all who ask for it first at the same moment', async () => {
    const apps = await Promise.all(Array.from({ length: 3 }, () => boot(OLD)));
    const keys = await Promise.all(
      apps.flatMap((app) => Array.from({ length: 10 }, () => serviceKey('contested')(app))),
    );
    await Promise.all(apps.map((app) => app.close()));
    expect(new Set(keys.map((one) => one.toString('hex'))).size).toBe(1);
  });

  it('is stored only wrapped', async () => {
    const opened = await on(OLD, serviceKey('voter-address'));
    const { rows } = await sql.query<{ wrapped_key: Buffer }>('SELECT wrapped_key FROM service_keys');
    expect(rows).toHaveLength(1);
    expect(rows[0]!.wrapped_key.includes(opened)).toBe(false);
  });

  it('cannot be put under another name', async () => {
    await on(OLD, serviceKey('one'));
    await sql.query(`UPDATE service_keys SET name = 'two'`);
    await expect(on(OLD, serviceKey('two'))).rejects.toThrow();
  });
});

describe('at boot', () => {
  it('a key that rows need and the ring lacks is named, and nothing is changed', async () => {
    await on(OLD, serviceKey('voter-address'));
    const before = await storedRows();
    const refusal = await refusalOf(NEW);
    expect(refusal.message).toMatch(/no key "k1", which stored service keys need/);
    expect(await storedRows()).toEqual(before);
    // The refused ring has left no mark: the next one may use its id with another key.
    const { rows } = await sql.query('SELECT key_id FROM key_canaries');
    expect(rows).toEqual([{ key_id: 'k1' }]);
    await on(OLD, serviceKey('voter-address'));
  });

  it('a key that is another one under a known id is named, even when no row needs it yet', async () => {
    await on(OLD, () => Promise.resolve());
    const other = key('k1', 'x');
    const refusal = await refusalOf(other);
    expect(refusal.message).toMatch(/key "k1".*is not the one/);
    expect(refusal.message).not.toContain(other.slice(3));
    expect((await refusalOf(`${NEW},${other}`)).message).toMatch(/key "k1"/);
    await on(OLD, () => Promise.resolve());
  });

  it('a passphrase is known by its canary too', async () => {
    await on('a long and quiet passphrase', serviceKey('voter-address'));
    await refusalOf('another long and quiet passphrase');
    await on('a long and quiet passphrase', serviceKey('voter-address'));
  });

  it('a damaged canary is a reason to stop', async () => {
    await on(OLD, () => Promise.resolve());
    await sql.query('UPDATE key_canaries SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)');
    expect((await refusalOf(OLD)).message).toMatch(/key "k1"/);
  });

  it('a ring may hold keys that no row needs', async () => {
    await on(`${OLD},${NEW},${key('k3', 'c')}`, () => Promise.resolve());
    const { rows } = await sql.query('SELECT key_id FROM key_canaries ORDER BY 1');
    expect(rows).toEqual([{ key_id: 'k1' }, { key_id: 'k2' }, { key_id: 'k3' }]);
  });
});

describe('rotation', () => {
  it('rewraps every service key under the first key, after which the old one may go', async () => {
    const names = ['voter-address', 'one', 'two'];
    const before = await on(OLD, (app) => Promise.all(names.map((name) => serviceKey(name)(app))));
    await on(`${OLD},${NEW}`, (app) => Promise.all(names.map((name) => serviceKey(name)(app))));
    expect(await idsInUse()).toEqual(['k1']);

    const totals = await on(`${NEW},${OLD}`, rotate);
    expect(totals).toMatchObject({ 'service keys': 3 });
    expect(await idsInUse()).toEqual(['k2']);

    const after = await on(NEW, (app) => Promise.all(names.map((name) => serviceKey(name)(app))));
    expect(after.map((one) => one.toString('hex'))).toEqual(before.map((one) => one.toString('hex')));
    await refusalOf(OLD);
  });

  it('run again finds nothing to do, and two at once do it once', async () => {
    await on(OLD, serviceKey('voter-address'));
    const opened = await on(`${NEW},${OLD}`, async (app) => {
      await Promise.all([rotate(app), rotate(app)]);
      expect(await rotate(app)).toMatchObject({ 'service keys': 0 });
      return serviceKey('voter-address')(app);
    });
    expect(await idsInUse()).toEqual(['k2']);
    expect((await on(NEW, serviceKey('voter-address'))).equals(opened)).toBe(true);
  });
});
