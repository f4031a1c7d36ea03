import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { AppModule } from '../../../src/app.module.js';
import type { DatabaseUrls } from '../../../src/config/app-config.js';
import { dataSourceOptions } from '../../../src/database/data-source-options.js';
import { startEmbeddedDatabase } from '../../../src/database/embedded/embedded-database.js';
import { migrate, SchemaTooNewError } from '../../../src/database/migrate.js';
import { MIGRATIONS } from '../../../src/migrations/migrations.js';
import { testConfig } from '../../support/test-config.js';
import { createTestDatabase } from '../../support/test-database.js';
import { availableServers, Surroundings } from '../embedded/surroundings.js';

interface Place {
  urls: DatabaseUrls;
  release: () => Promise<void>;
}

const surroundings = new Surroundings();
const servers = await availableServers();

/** An empty database on a server of its own. */
async function onServer(pgBinDir: string): Promise<Place> {
  const database = await startEmbeddedDatabase({
    dataDir: await surroundings.dataDir(),
    dataDirIsDefault: false,
    pgBinDir,
    fsync: false,
    supervise: false,
    onProgress: () => undefined,
  });
  return {
    urls: { app: database.appUrl, owner: database.ownerUrl, direct: database.ownerUrl },
    release: async () => {
      await database.stop();
      await surroundings.cleanUp();
    },
  };
}

/** An empty database on the server of this run. */
async function onRunsServer(): Promise<Place> {
  const database = await createTestDatabase({ empty: true });
  return { urls: database.urls, release: database.drop };
}

const places: { label: string; open: () => Promise<Place> }[] = [
  { label: "this run's server", open: onRunsServer },
  ...servers.map(({ label, pgBinDir }) => ({ label, open: () => onServer(pgBinDir) })),
];

const silent = () => undefined;

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Everything in the schema, as the catalogue tells it. */
async function describeSchema(url: string): Promise<unknown[]> {
  return [
    await query(
      url,
      `SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity FROM information_schema.columns
       WHERE table_schema = 'public' ORDER BY 1, 2`,
    ),
    await query(
      url,
      `SELECT conrelid::regclass::text AS "table", conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2`,
    ),
    await query(url, `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`),
    await query(url, `SELECT title, state, is_default FROM elections ORDER BY id`),
  ];
}

async function undoAll(url: string): Promise<void> {
  const owner = await new DataSource(dataSourceOptions(url, 1)).initialize();
  try {
    for (let left = MIGRATIONS.length; left > 0; left--)
      await owner.undoLastMigration({ transaction: 'each' });
  } finally {
    await owner.destroy();
  }
}

const tablesOf = async (url: string) =>
  (
    await query<{ tablename: string }>(
      url,
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations' ORDER BY 1`,
    )
  ).map(({ tablename }) => tablename);

it('the servers that are tried include the one that npm brings', () => {
  expect(servers.map(({ label }) => label)).toContain('the npm package');
});

describe.each(places)('on an empty database of $label', ({ open }) => {
  let place: Place;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.release());

  it('the migrations run up, down and up again, and leave the same schema', async () => {
    const { urls } = place;
    const names = MIGRATIONS.map(({ name }) => name);
    expect(await migrate(urls, silent)).toEqual(names);
    const first = await describeSchema(urls.owner);
    expect(await migrate(urls, silent)).toEqual([]);

    await undoAll(urls.owner);
    expect(await tablesOf(urls.owner)).toEqual([]);
    expect(
      await query(
        urls.owner,
        `SELECT 1 FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')`,
      ),
    ).toEqual([]);

    expect(await migrate(urls, silent)).toEqual(names);
    expect(await describeSchema(urls.owner)).toEqual(first);
  });

  it('the schema is the one that the entities describe', async () => {
    const app = await NestFactory.createApplicationContext(AppModule.forRoot(testConfig(place.urls)), {
      logger: false,
    });
    try {
      const dataSource = app.get(DataSource);
      expect(dataSource.entityMetadatas.length).toBeGreaterThan(8);
      const entities = dataSource.entityMetadatas.map(({ tableName }) => tableName).sort();
      expect(entities).toEqual(await tablesOf(place.urls.owner));
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query: statement }) => statement)).toEqual([]);
    } finally {
      await app.close();
    }
  });

  it('what the app has written to the audit log it can neither change nor take back, nor date', async () => {
    const { app } = place.urls;
    await query(app, `INSERT INTO audit_events (event_type) VALUES ('authz_fail')`);
    const log = ['audit_events', 'audit_addresses', 'audit_seals', 'audit_seal_entries'];
    const forbidden = [
      ...log.flatMap((table) => [`DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`, `DROP TABLE ${table}`]),
      `UPDATE audit_events SET actor_id = 1`,
      `UPDATE audit_addresses SET address = '::1'`,
      `UPDATE audit_seals SET head = ''`,
      `UPDATE audit_seal_entries SET seal = 1`,
      `INSERT INTO audit_events (event_type, at) VALUES ('authz_fail', '2020-01-01')`,
      `INSERT INTO audit_events (event_type, xid) VALUES ('authz_fail', 1)`,
      `INSERT INTO audit_events (id, event_type) OVERRIDING SYSTEM VALUE VALUES (1, 'authz_fail')`,
      `SELECT setval('audit_events_id_seq', 1)`,
    ];
    for (const statement of forbidden) {
      const outcome = await query(app, statement).then(
        () => 'done',
        (error: unknown) => (error as { code?: string }).code,
      );
      // insufficient_privilege
      expect({ statement, outcome }).toEqual({ statement, outcome: '42501' });
    }
    expect(await query(app, 'SELECT event_type FROM audit_events')).toEqual([{ event_type: 'authz_fail' }]);
  });

  it('the app may read and write rows, and no more', async () => {
    const { app } = place.urls;
    await query(app, `INSERT INTO voter_keys VALUES ('\\x00', gen_random_uuid())`);
    await query(app, `UPDATE voter_keys SET voter_key = gen_random_uuid()`);
    await query(app, `DELETE FROM voter_keys`);
    expect(await query(app, 'SELECT name FROM migrations')).toHaveLength(MIGRATIONS.length);
    const forbidden = [
      'CREATE TABLE mine (id int)',
      'CREATE SCHEMA mine',
      'ALTER TABLE users ADD COLUMN mine int',
      'DROP TABLE users',
      'TRUNCATE users',
      'CREATE INDEX ON users (name)',
      `CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      'CREATE TRIGGER mine AFTER INSERT ON users EXECUTE FUNCTION suppress_redundant_updates_trigger()',
      `INSERT INTO migrations ("timestamp", name) VALUES (1, 'Mine')`,
      'UPDATE migrations SET name = name',
      'DELETE FROM migrations',
    ];
    for (const statement of forbidden) {
      const outcome = await query(app, statement).then(
        () => 'done',
        (error: unknown) => (error as { code?: string }).code,
      );
      // insufficient_privilege
      expect({ statement, outcome }).toEqual({ statement, outcome: '42501' });
    }
  });
});

describe('several processes at once', () => {
  let place: Place;
  afterEach(() => place.release());

  it('bring an empty database up to date together: one works, the others find nothing to do', async () => {
    place = await onRunsServer();
    const outcomes = await Promise.all(Array.from({ length: 3 }, () => migrate(place.urls, silent)));
    expect(outcomes.map((done) => done.length).sort()).toEqual([0, 0, MIGRATIONS.length]);
    expect(await query(place.urls.owner, 'SELECT name FROM migrations ORDER BY id')).toEqual(
      MIGRATIONS.map(({ name }) => ({ name })),
    );
    expect(
      await query(
        place.urls.owner,
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      ),
    ).toEqual([]);
  });

  it('wait for whoever holds the lock', async () => {
    place = await onRunsServer();
    const holder = new pg.Client({ connectionString: place.urls.direct });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(4101000001)');
    const said: string[] = [];
    const waiting = migrate(place.urls, (message) => said.push(message));
    const isWaiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while ((await holder.query(isWaiting)).rowCount === 0);
    expect(await tablesOf(place.urls.owner)).toEqual([]);
    expect(said).toEqual(['Waiting for another process that migrates the database…']);
    await holder.end();
    expect(await waiting).toHaveLength(MIGRATIONS.length);
  });
});

describe('a migration', () => {
  let place: Place;
  afterEach(async () => {
    jest.restoreAllMocks();
    await place.release();
  });

  it('may take as long as it needs, and wait as long, also where the database sets a limit', async () => {
    place = await onRunsServer();
    const { owner } = place.urls;
    await query(
      owner,
      `ALTER DATABASE ${new URL(owner.replace('@/', '@localhost/')).pathname.slice(1)} SET statement_timeout = '1h'`,
    );
    const limits: unknown[] = [];
    jest.spyOn(DataSource.prototype, 'showMigrations').mockImplementation(async function (this: DataSource) {
      limits.push(await this.query('SHOW statement_timeout'));
      return true;
    });
    await migrate(place.urls, silent);
    expect(limits).toEqual([[{ statement_timeout: '0' }]]);
  });
});

describe('a database that a newer version has migrated', () => {
  let place: Place;
  afterEach(() => place.release());

  it('is refused in a sentence, and left as it is', async () => {
    place = await onRunsServer();
    await migrate(place.urls, silent);
    await query(
      place.urls.owner,
      `INSERT INTO migrations ("timestamp", name) VALUES (9999999999999, 'FromTheFuture9999999999999')`,
    );
    const before = await describeSchema(place.urls.owner);
    const refusal = await migrate(place.urls, silent).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(SchemaTooNewError);
    expect((refusal as Error).message).toMatch(/start the newer version, or restore a backup/);
    expect(await describeSchema(place.urls.owner)).toEqual(before);
  });
});

describe('one role for everything', () => {
  let place: Place;
  afterEach(() => place.release());

  it('is enough to migrate and to run', async () => {
    place = await onRunsServer();
    const { owner } = place.urls;
    expect(await migrate({ app: owner, owner, direct: owner }, silent)).toHaveLength(MIGRATIONS.length);
    await query(owner, `INSERT INTO voter_keys VALUES ('\\x00', gen_random_uuid())`);
  });
});
