// One PostgreSQL that syncs to the disk, with a migrated database for the service and one for the baseline.
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedDatabase } from '../../dist/database/embedded/embedded-database.js';
import { migrate } from '../../dist/database/migrate.js';

/**
 * @param say takes a line of progress
 * @param onExit takes what to do at the end, whatever the end
 */
export async function openSurroundings(say, onExit) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mc101-bench-'));
  onExit(() => rm(dataDir, { recursive: true, force: true }));
  const starting = startEmbeddedDatabase({
    dataDir,
    dataDirIsDefault: false,
    pgBinDir: process.env.PG_BIN_DIR || undefined,
    searchPath: process.env.PATH,
    fsync: true,
    supervise: false,
    onProgress: say,
  });
  // From the first moment on: an interrupted start would leave a server behind.
  onExit(() => starting.then((server) => server.stop()));
  const server = await starting;
  return {
    serverVersion: server.serverVersion,
    service: await createDatabase(server, 'mc101_bench_service'),
    baseline: await createDatabase(server, 'mc101_bench_baseline'),
    checkpoint: () => run(server.superuserUrl, 'CHECKPOINT'),
  };
}

/** Random key rings, of the quality that production asks for. */
export function drawSecrets() {
  const ring = () => `k1:${randomBytes(32).toString('base64')}`;
  return {
    JWT_SECRET_KEY: ring(),
    TOKEN_PEPPER: ring(),
    APP_ENCRYPTION_KEY: ring(),
    LOG_SIGNING_KEY: ring(),
  };
}

async function createDatabase({ ownerUrl, appUrl }, name) {
  await run(ownerUrl, `CREATE DATABASE ${name}`);
  const urls = { app: inDatabase(appUrl, name), owner: inDatabase(ownerUrl, name) };
  await migrate({ ...urls, direct: urls.owner }, () => undefined);
  return urls;
}

/** The socket's folder stands in the query; the host only makes the text a URL for stricter readers. */
function inDatabase(url, name) {
  return url.replace(/@\/[^?]*/, `@localhost/${name}`);
}

async function run(url, statement) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
