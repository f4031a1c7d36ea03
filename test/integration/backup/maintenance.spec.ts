import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { turnMaintenanceOff, turnMaintenanceOn } from '../../../src/backup/databases/maintenance-switch.js';
import type { Answer } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { eventually } from '../embedded/surroundings.js';

let server: TestServer;
let operator: pg.Client;
beforeEach(async () => {
  server = await startTestServer();
  operator = await connect();
});
afterEach(async () => {
  await operator.end();
  await server.close();
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.config.database.direct });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const answerWith = (status: number, api = server.api): Promise<Answer> =>
  eventually(async () => {
    const answer = await api.get('/');
    return answer.status === status ? answer : undefined;
  });

const anyRoute = () => server.api.get('/mc101');

it('every process answers MAINTENANCE to everything but how it does, and stops by itself', async () => {
  const person = await server.signUp();
  await turnMaintenanceOn(operator, 'a test');
  const answer = await answerWith(503);
  expect(answer.body).toMatchObject({ error: { code: 'MAINTENANCE', details: {} } });
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(answer.headers.get('x-request-id')).toBe(answer.body.error.request_id);
  for (const ask of [
    () => server.as(person).get('/users/info'),
    () => server.as(person).post('/users/notes', { title: 'a', content: 'b' }),
    () => server.api.post('/users/login', { email: person.email, password: person.password }),
    () => server.api.get('/'),
    () => server.api.get('/health/../users/info'),
    () => server.api.get('/users/info?x=/health'),
    anyRoute,
  ])
    expect((await ask()).body.error.code).toBe('MAINTENANCE');
  for (const path of ['/health', '/v1/health', '/health/'])
    expect((await server.api.get(path)).status).toBe(200);
  const ready = await eventually(async () => {
    const found = await server.api.get('/ready');
    return found.body.checks.backup.status === 'degraded' ? found : undefined;
  });
  expect(ready.status).toBe(200);
  expect(ready.body).toMatchObject({
    status: 'degraded',
    checks: { backup: { detail: 'Maintenance: a backup is being restored.' } },
  });
  await turnMaintenanceOff(operator);
  await eventually(async () =>
    (await server.as(person).get('/users/info')).status === 200 ? true : undefined,
  );
});

it('a process that starts meanwhile answers it from its first request on', async () => {
  await turnMaintenanceOn(operator, 'a test');
  const other = await startTestServer({ database: server.database });
  try {
    expect((await other.api.get('/')).body.error.code).toBe('MAINTENANCE');
  } finally {
    await other.close();
  }
});

it('what a restore left that was killed is no maintenance: nobody is at work', async () => {
  const killed = await connect();
  await turnMaintenanceOn(killed, 'a test');
  await eventually(async () => ((await server.api.get('/')).status === 503 ? true : undefined));
  await server.sql.query('SELECT pg_terminate_backend($1)', [
    (killed as pg.Client & { processID: number }).processID,
  ]);
  await eventually(async () => ((await server.api.get('/')).status === 200 ? true : undefined));
  expect((await server.sql.query('SELECT * FROM maintenance')).rowCount).toBe(1);
  const other = await startTestServer({ database: server.database });
  expect((await other.api.get('/')).status).toBe(200);
  await other.close();
});

it('while the database is away, whoever has heard of the maintenance goes on saying so', async () => {
  const { name, superuserUrl } = server.database;
  const superuser = new pg.Client({ connectionString: superuserUrl });
  await superuser.connect();
  try {
    await turnMaintenanceOn(operator, 'a test');
    await eventually(async () => ((await server.api.get('/')).status === 503 ? true : undefined));
    await superuser.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await superuser.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      name,
    ]);
    // Longer than a look takes: it has looked in vain by then.
    const until = performance.now() + 1_500;
    while (performance.now() < until)
      expect((await server.api.get('/')).body.error?.code).toBe('MAINTENANCE');
    await superuser.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await eventually(async () => ((await server.api.get('/')).status === 200 ? true : undefined));
  } finally {
    await superuser.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await superuser.end();
  }
});
