import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DatabaseUrls } from '../../src/config/app-config.js';

interface TestServerFacts {
  appUrl: string;
  ownerUrl: string;
  superuserUrl: string;
  template: string;
}

export interface TestDatabase {
  name: string;
  urls: DatabaseUrls;
  superuserUrl: string;
  drop: () => Promise<void>;
}

/** A database of its own for a test file: a copy of the migrated template, or an empty one. */
export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const facts = JSON.parse(process.env['MC101_TEST_DATABASE'] ?? '{}') as TestServerFacts;
  const name = `test_${randomBytes(8).toString('hex')}`;
  const source = empty ? '' : ` TEMPLATE ${facts.template} STRATEGY FILE_COPY`;
  await execute(facts.ownerUrl, `CREATE DATABASE ${name}${source}`);
  const inDatabase = (url: string) => url.replace(/\/(?:mc101|postgres)(?=\?|$)/, `/${name}`);
  return {
    name,
    urls: {
      app: inDatabase(facts.appUrl),
      owner: inDatabase(facts.ownerUrl),
      direct: inDatabase(facts.ownerUrl),
    },
    superuserUrl: facts.superuserUrl,
    // Only a superuser may end whatever connection still goes away, the app's and autovacuum's alike.
    drop: () => execute(facts.superuserUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** For looking into tables and for tampering. */
export function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  // A connection that still says goodbye when its database is dropped is no failure of a test.
  pool.on('error', () => undefined);
  return pool;
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
