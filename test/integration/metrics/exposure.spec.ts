import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BoundedPool } from '../../../src/common/bounded-pool.js';
import { Metrics } from '../../../src/common/metrics/metrics.js';
import { parseMetrics } from '../../support/metrics-text.js';
import { checkout } from '../../support/service-process.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { CPU_POOL_SIZE: '1', DB_POOL_SIZE: '7' } });
});
afterAll(() => server.close());

const look = async () => parseMetrics(await server.app.get(Metrics).expose());

/** The value of one series; 0 where it is not shown. */
async function valueOf(name: string, labels: Record<string, string> = {}): Promise<number> {
  const { samples } = await look();
  const wanted = Object.entries(labels);
  const found = samples.filter(
    (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value),
  );
  return found.reduce((sum, { value }) => sum + value, 0);
}

/** An answer may be here before it is counted. */
async function becomes(expected: number, name: string, labels: Record<string, string>): Promise<void> {
  while ((await valueOf(name, labels)) !== expected) await new Promise((resolve) => setImmediate(resolve));
}

const REQUESTS = 'mc101_http_requests_total';

describe('requests', () => {
  it('are counted by method, template and status, whatever the path and its version are', async () => {
    const alice = await server.signUp();
    const labels = { method: 'GET', route: '/users/notes/:note_id', status: '404' };
    const before = await valueOf(REQUESTS, labels);
    for (const id of [101, 102, 103]) await server.as(alice).get(`/users/notes/${id}?password=in-query`);
    await server.as(alice).get('/v1/users/notes/104');
    await becomes(before + 4, REQUESTS, labels);
    const { method, route } = labels;
    expect(
      await valueOf('mc101_http_request_duration_seconds_count', { method, route }),
    ).toBeGreaterThanOrEqual(4);
    expect(await valueOf('mc101_http_request_duration_seconds_sum', { method, route })).toBeGreaterThan(0);
    const text = await server.app.get(Metrics).expose();
    expect(text).not.toMatch(/notes\/10[1-4]|in-query|\/v1/);
  });

  it('of the service itself are counted at its routes', async () => {
    const before = await valueOf(REQUESTS, { route: '/health', status: '200' });
    await server.api.get('/health');
    await server.api.get('/v1/health/');
    await becomes(before + 2, REQUESTS, { method: 'GET', route: '/health', status: '200' });
    await server.api.get('/');
    await becomes(1, REQUESTS, { method: 'GET', route: '/', status: '200' });
  });

  it('for what does not exist are one series a method and status, however many paths are made up', async () => {
    const seriesOfUnmatched = async () =>
      (await look()).samples.filter(
        ({ name, labels }) => name === REQUESTS && labels['route'] === 'unmatched',
      );
    const labels = { method: 'GET', route: 'unmatched', status: '404' };
    const before = await valueOf(REQUESTS, labels);
    for (let n = 0; n < 50; n++) await server.api.get(`/made-up-${n}/${n}`);
    await becomes(before + 50, REQUESTS, labels);
    expect(await seriesOfUnmatched()).toHaveLength(1);
    await server.api.get('/%zz');
    await becomes(1, REQUESTS, { method: 'GET', route: 'unmatched', status: '400' });
    await server.api.request('PROPFIND', '/made-up');
    await server.api.request('MKCOL', '/made-up');
    await becomes(2, REQUESTS, { method: 'other', route: 'unmatched', status: '404' });
    expect(await seriesOfUnmatched()).toHaveLength(3);
  });

  it('that are no HTTP are counted too', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.end('no http at all\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve).resume());
    await becomes(1, REQUESTS, { method: 'other', route: 'unmatched', status: '400' });
  });

  it('to /metrics are answered elsewhere: the API has none', async () => {
    for (const target of ['/metrics', '/v1/metrics', '/metrics/', '/Metrics'])
      expect((await server.api.get(target)).status).toBe(404);
  });
});

describe('what people do', () => {
  it('logins are counted by outcome, without saying whose', async () => {
    const alice = await server.signUp();
    const LOGINS = 'mc101_logins_total';
    const [succeeded, failed] = [
      await valueOf(LOGINS, { outcome: 'success' }),
      await valueOf(LOGINS, { outcome: 'invalid_credentials' }),
    ];
    await server.logIn(alice);
    await server.api.post('/users/login', { email: alice.email, password: 'not this one' });
    await server.api.post('/users/login', { email: 'nobody@example.com', password: 'not this one' });
    expect(await valueOf(LOGINS, { outcome: 'success' })).toBe(succeeded + 1);
    expect(await valueOf(LOGINS, { outcome: 'invalid_credentials' })).toBe(failed + 2);
    expect(await server.app.get(Metrics).expose()).not.toMatch(/nobody@|example|Person/);
  });

  it('votes and operations on notes are counted by outcome', async () => {
    const [alice, admin] = [await server.signUp(), await server.signUpAdmin()];
    const { body: candidate } = await server.as(admin).post('/admin/candidate', { name: 'Ada' });
    const vote = () => server.as(alice).post('/users/vote', { candidate_id: candidate.id });
    await vote();
    await vote();
    await server.as(alice).post('/users/vote', { candidate_id: 2_000_000_000 });
    expect(await valueOf('mc101_votes_total', { outcome: 'success' })).toBe(1);
    expect(await valueOf('mc101_votes_total', { outcome: 'already_voted' })).toBe(1);
    expect(await valueOf('mc101_votes_total', { outcome: 'candidate_not_found' })).toBe(1);

    const notes = server.as(alice);
    const { body: note } = await notes.post('/users/notes', { title: 'Unspeakable', content: 'Unspeakable' });
    await notes.get(`/users/notes/${note.id}`);
    await notes.patch(`/users/notes/${note.id}`, { title: 'Unspeakable too' });
    await notes.get('/users/notes');
    await notes.delete(`/users/notes/${note.id}`);
    await notes.delete(`/users/notes/${note.id}`);
    const NOTES = 'mc101_note_operations_total';
    for (const operation of ['create', 'read', 'change', 'list', 'delete'])
      expect([operation, await valueOf(NOTES, { operation, outcome: 'success' })]).toEqual([operation, 1]);
    expect(await valueOf(NOTES, { operation: 'delete', outcome: 'note_not_found' })).toBe(1);
    expect(await server.app.get(Metrics).expose()).not.toMatch(/Unspeakable|Ada/);
  });
});

describe('what is used up', () => {
  it('jobs that run and wait in the CPU pool are shown as long as they do', async () => {
    const pool = server.app.get(BoundedPool);
    let finish: () => void = () => undefined;
    const running = pool.run(() => new Promise<void>((resolve) => (finish = resolve)));
    const waiting = pool.run(() => Promise.resolve());
    expect(await valueOf('mc101_cpu_pool_running')).toBe(1);
    expect(await valueOf('mc101_cpu_pool_queued')).toBe(1);
    expect(await valueOf('mc101_cpu_pool_queue_limit')).toBe(pool.queueLimit);
    finish();
    await Promise.all([running, waiting]);
    expect(await valueOf('mc101_cpu_pool_running')).toBe(0);
    expect(await valueOf('mc101_cpu_pool_queued')).toBe(0);
  });

  it('connections to the database are shown, and who waits for one', async () => {
    const alice = await server.signUp();
    expect(await valueOf('mc101_database_pool_limit')).toBe(7);
    expect(await valueOf('mc101_database_pool_waiting')).toBe(0);
    const lock = await server.sql.connect();
    try {
      await lock.query('BEGIN');
      await lock.query('LOCK TABLE users, sessions IN ACCESS EXCLUSIVE MODE');
      const stuck = Array.from({ length: 10 }, () => server.as(alice).get('/users/info'));
      // Three of them, and sometimes the look at the database that the metrics themselves take.
      while ((await valueOf('mc101_database_pool_waiting')) < 3);
      expect(await valueOf('mc101_database_pool_connections')).toBe(7);
      expect(await valueOf('mc101_database_pool_idle')).toBe(0);
      await lock.query('ROLLBACK');
      expect((await Promise.all(stuck)).map(({ status }) => status)).toEqual(stuck.map(() => 200));
    } finally {
      lock.release();
    }
  });
});

it('the table in src/health/README.md names what is exposed, with type and labels, and nothing else', async () => {
  const readme = readFileSync(path.join(checkout, 'src', 'health', 'README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(mc101_\w+)` *\| (\w+) *\| ([\w, ]*?) *\|/gm)].map(
    ([, name, type, labels]) => [name, type, labels] as const,
  );
  const alice = await server.signUp();
  await server.as(alice).get('/users/notes');
  const { samples, families } = await look();
  const exposed = families
    .filter(({ name }) => name.startsWith('mc101_'))
    .map(({ name, type }) => [name, type]);
  expect(rows.map(([name, type]) => [name, type]).sort()).toEqual(exposed.sort());
  for (const [name, , labels] of rows) {
    const ofName = samples.filter((sample) => sample.name.replace(/_(bucket|sum|count)$/, '') === name);
    const used = new Set(
      ofName.flatMap((sample) => Object.keys(sample.labels)).filter((label) => label !== 'le'),
    );
    expect([name, [...used].sort().join(', ')]).toEqual([name, labels]);
  }
});
