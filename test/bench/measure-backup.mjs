// How long a backup of a large database takes, what it costs the readers, and whether the service's memory stays flat.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { BACKUP_BULK_BYTES, BACKUP_WITHIN_SECONDS } from './settings.mjs';
import { runLoad, startLoad, UnexpectedAnswerError } from './load.mjs';
import { dealOut, findRoute } from './routes.mjs';

const ROW_BYTES = 1_000_000;
const SAMPLE_MS = 100;
const IDLE_SECONDS = 5;
/** One reader: how memory moves under load is not what this is about. */
const CONNECTIONS_BESIDE = 1;

/** Fills the service's database with bytes that do not compress, and has it backed up and restored once. */
export async function measureBackup(service, ownerUrl, say) {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await fill(client, say);
    const token = await makeAdmin(client, service);
    const idle = await readers(service, IDLE_SECONDS);
    const memoryBefore = residentBytes(service);
    const load = startReaders(service);
    const startedAt = performance.now();
    const { run, peak } = await backUp(service, token, say);
    const seconds = (performance.now() - startedAt) / 1000;
    load.stop();
    const { p50, p99 } = await load.done;
    return {
      databaseBytes: await databaseBytes(client),
      dumpBytes: run.bytes,
      seconds,
      memory: { before: memoryBefore, peak, growth: peak - memoryBefore },
      readers: { idle: { p50: idle.p50, p99: idle.p99 }, during: { p50, p99 } },
    };
  } finally {
    await client.query('DROP TABLE IF EXISTS bench_bulk');
    await client.end();
  }
}

async function fill(client, say) {
  await client.query('CREATE TABLE bench_bulk (body bytea)');
  await client.query('ALTER TABLE bench_bulk ALTER body SET STORAGE EXTERNAL');
  const rows = Math.ceil(BACKUP_BULK_BYTES / ROW_BYTES);
  for (let row = 1; row <= rows; row += 1) {
    await client.query('INSERT INTO bench_bulk VALUES ($1)', [randomBytes(ROW_BYTES)]);
    if (row % 250 === 0) say(`backup: ${row} of ${rows} MB written`);
  }
  await client.query('CHECKPOINT').catch(() => undefined);
}

/** The first reader becomes one. */
async function makeAdmin(client, service) {
  await client.query(`UPDATE users SET role = 'admin' WHERE id = (SELECT min(id) FROM users)`);
  return service.readers[0];
}

async function backUp(service, token, say) {
  const call = (path, method = 'GET') =>
    globalThis.fetch(`${service.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const started = await call('/admin/backups', 'POST');
  if (started.status !== 202) throw new UnexpectedAnswerError(`POST /admin/backups: ${started.status}`);
  const { id } = await started.json();
  let peak = 0;
  for (let waited = 0; waited < BACKUP_WITHIN_SECONDS * 1000; waited += SAMPLE_MS) {
    await delay(SAMPLE_MS);
    peak = Math.max(peak, residentBytes(service));
    if (waited % 1000 !== 0) continue;
    const run = await (await call(`/admin/backups/${id}`)).json();
    if (run.state === 'failed') throw new UnexpectedAnswerError(`The backup failed: ${run.error}`);
    if (run.state === 'verified') {
      if (run.verification !== 'restore') throw new UnexpectedAnswerError('The backup was not restored.');
      return { run, peak };
    }
    if (waited % 10_000 === 0) say(`backup: running for ${waited / 1000} s`);
  }
  throw new UnexpectedAnswerError(`The backup was not done after ${BACKUP_WITHIN_SECONDS} s.`);
}

function startReaders(service) {
  const { requests, isExpected } = findRoute('info');
  return startLoad({
    url: service.url,
    requestsOf: dealOut(requests(service), CONNECTIONS_BESIDE),
    connections: CONNECTIONS_BESIDE,
    seconds: BACKUP_WITHIN_SECONDS,
    isExpected,
  });
}

function readers(service, seconds) {
  const { requests, isExpected } = findRoute('info');
  return runLoad({
    url: service.url,
    requestsOf: dealOut(requests(service), CONNECTIONS_BESIDE),
    connections: CONNECTIONS_BESIDE,
    seconds,
    isExpected,
  });
}

async function databaseBytes(client) {
  const { rows } = await client.query('SELECT pg_database_size(current_database())::float8 AS size');
  return rows[0].size;
}

/** Memory of the process itself; what pg_dump uses is its own. */
function residentBytes({ child }) {
  return (
    Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.process.pid)], { encoding: 'utf8' })) * 1024
  );
}
