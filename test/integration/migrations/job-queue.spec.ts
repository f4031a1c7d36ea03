import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { getConstructionPlans } from 'pg-boss';
import { migrate } from '../../../src/database/migrate.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const MIGRATIONS = path.resolve(import.meta.dirname, '..', '..', '..', 'src', 'migrations');

let ours: TestDatabase;
let theirs: TestDatabase;

beforeAll(async () => {
  ours = await createTestDatabase({ empty: true });
  theirs = await createTestDatabase({ empty: true });
  await migrate(ours.urls, () => undefined);
  await query(theirs, getConstructionPlans('pgboss'));
});
afterAll(async () => {
  await ours.drop();
  await theirs.drop();
});

async function query(database: TestDatabase, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: database.urls.owner });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

it('no migration takes what it does from a package, which changes with the version that is installed', async () => {
  const files = (await readdir(MIGRATIONS)).filter((file) => /^\d+-.*\.ts$/.test(file));
  const packages = new Set<string>();
  for (const file of files) {
    const source = await readFile(path.join(MIGRATIONS, file), 'utf8');
    for (const [, from = ''] of source.matchAll(/^import (?!type ).* from '([^'.][^']*)'/gm))
      if (!from.startsWith('node:')) packages.add(from);
  }

  expect(files.length).toBeGreaterThan(12);
  expect([...packages]).toEqual([]);
});

it('the migrations lead to the schema that the installed job queue expects; for a newer one write a migration', async () => {
  const version = 'SELECT version FROM pgboss.version';

  expect(await query(ours, version)).toEqual(await query(theirs, version));
});

it.each([
  [
    'columns',
    `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
     WHERE table_schema = 'pgboss' AND table_name NOT LIKE 'queue_stats_2%' ORDER BY 1, 2`,
  ],
  [
    'constraints',
    `SELECT conrelid::regclass::text AS "table", conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE connamespace = 'pgboss'::regnamespace AND conrelid::regclass::text NOT LIKE '%queue_stats_2%' ORDER BY 1, 2`,
  ],
  [
    'indexes',
    `SELECT indexname, indexdef FROM pg_indexes
     WHERE schemaname = 'pgboss' AND tablename NOT LIKE 'queue_stats_2%' ORDER BY 1`,
  ],
  [
    'functions',
    `SELECT proname, pg_get_functiondef(oid) AS definition FROM pg_proc
     WHERE pronamespace = 'pgboss'::regnamespace ORDER BY 1`,
  ],
])('their %s are those that the job queue would make for itself', async (_what, text) => {
  const rows = await query(ours, text);

  expect(rows.length).toBeGreaterThan(3);
  expect(rows).toEqual(await query(theirs, text));
});
