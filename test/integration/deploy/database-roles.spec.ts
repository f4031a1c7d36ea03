import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { migrate } from '../../../src/database/migrate.js';
import { checkout } from '../../support/service-process.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { mountsOf } from './compose-file.js';
import { runPsqlScript } from './psql-script.js';

/** In place of `mc101`: the test server has roles of that name already. */
const NAME = `roles_${randomBytes(6).toString('hex')}`;
const SCRIPT = readFileSync(path.join(checkout, 'deploy', 'postgres', 'roles.sql'), 'utf8').replaceAll(
  'mc101',
  NAME,
);

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase({ empty: true });
  await prepare('first');
});
afterAll(async () => {
  await withClient(test.superuserUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${NAME} WITH (FORCE)`);
    await client.query(`DROP ROLE IF EXISTS ${NAME}_owner, ${NAME}_app`);
  });
  await test.drop();
});

async function prepare(password: string): Promise<void> {
  await withClient(test.superuserUrl, (client) =>
    runPsqlScript(client, SCRIPT, (file) => `${password} '${path.basename(file)}'`),
  );
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(role: 'owner' | 'app', password: string): string {
  const secret = encodeURIComponent(`${password} '${NAME}_${role}_password'`);
  return test.superuserUrl
    .replace(/\/\/[^@]*@/, `//${NAME}_${role}:${secret}@`)
    .replace(/\/postgres(?=\?|$)/, `/${NAME}`);
}

const urls = (password: string) => ({
  app: urlOf('app', password),
  owner: urlOf('owner', password),
  direct: urlOf('owner', password),
});

it('the service migrates as the owner and works as a role that may only touch rows', async () => {
  await migrate(urls('first'), () => undefined);
  await withClient(urlOf('app', 'first'), async (client) => {
    expect((await client.query('SELECT count(*)::int AS count FROM users')).rows).toEqual([{ count: 0 }]);
    for (const statement of [
      'CREATE TABLE mine (id int)',
      'ALTER TABLE users ADD COLUMN mine int',
      'DROP TABLE users',
      `CREATE DATABASE ${NAME}_mine`,
      `SET ROLE ${NAME}_owner`,
    ])
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
  });
});

it('the owner makes and drops the databases in which backups are proven, and rules nothing else', async () => {
  await withClient(urlOf('owner', 'first'), async (client) => {
    await client.query(`CREATE DATABASE ${NAME}_scratch`);
    await client.query(`DROP DATABASE ${NAME}_scratch`);
    const { rows } = await client.query(
      'SELECT rolsuper, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user',
    );
    expect(rows).toEqual([
      { rolsuper: false, rolcreaterole: false, rolreplication: false, rolbypassrls: false },
    ]);
  });
});

it('the owner ends the connections of the app, as a restore must', async () => {
  await withClient(urlOf('app', 'first'), async (app) => {
    const ended = new Promise((resolve) => app.once('end', resolve));
    const { rows } = await app.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await withClient(urlOf('owner', 'first'), (owner) =>
      owner.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]),
    );
    await ended;
  });
});

it('run again, it keeps the data and takes the passwords that the files hold now', async () => {
  await migrate(urls('first'), () => undefined);
  await withClient(urlOf('owner', 'first'), (client) => client.query('CREATE TABLE kept (id int)'));
  await prepare('second');
  await withClient(urlOf('owner', 'second'), (client) => client.query('SELECT FROM kept'));
  await expect(withClient(urlOf('owner', 'first'), () => Promise.resolve())).rejects.toMatchObject({
    code: '28P01',
  });
});

it('reads its passwords where compose puts the secrets of the database', () => {
  const mounts = mountsOf('postgres');
  expect(mounts.find(({ target }) => target === '/run/secrets')?.source).toBe('./secrets/postgres');
  expect([...SCRIPT.matchAll(/`cat ([^`]+)`/g)].map(([, file]) => path.dirname(file!))).toEqual([
    '/run/secrets',
    '/run/secrets',
  ]);
  expect(mounts.find(({ source }) => source === './deploy/postgres/roles.sql')?.target).toBe(
    '/docker-entrypoint-initdb.d/roles.sql',
  );
});
