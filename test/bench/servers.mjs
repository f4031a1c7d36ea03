// The two contestants, with the same pools, the same keys and the same kind of database.
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { root, startChild } from './child.mjs';
import { BEYOND_LIMITS, CPU_POOL_SIZE, DB_POOL_SIZE, PUBLIC_URL } from './settings.mjs';

/**
 * The built service with production settings: real password hashes, log level info.
 * @param mail environment that says where mails go
 */
export async function startService({
  database,
  secrets,
  mail = { MAIL_DISABLED: 'true' },
  profileDir,
  onExit,
}) {
  return startChild({
    name: 'service',
    script: 'dist/main.js',
    execArgv:
      profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${await emptyFolder(profileDir)}`],
    environment: {
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      PUBLIC_URL,
      DATA_DIR: await temporaryFolder(onExit),
      METRICS_PORT: '0',
      BACKUP_CRON: 'off',
      BACKUP_DIR: await temporaryFolder(onExit),
      DATABASE_URL: database.app,
      DATABASE_OWNER_URL: database.owner,
      DB_POOL_SIZE: String(DB_POOL_SIZE),
      CPU_POOL_SIZE: String(CPU_POOL_SIZE),
      ...BEYOND_LIMITS,
      ...secrets,
      ...mail,
    },
    onExit,
  });
}

/** A bare Fastify server with prepared statements; see baseline/. */
export async function startBaseline({ database, secrets, electionId, passwordHash, onExit }) {
  return startChild({
    name: 'baseline',
    script: 'test/bench/baseline/server.mjs',
    environment: {
      NODE_ENV: 'production',
      DATA_DIR: await temporaryFolder(onExit),
      DATABASE_URL: database.app,
      DB_POOL_SIZE: String(DB_POOL_SIZE),
      CPU_POOL_SIZE: String(CPU_POOL_SIZE),
      ELECTION_ID: String(electionId),
      PASSWORD_HASH: passwordHash,
      ...secrets,
    },
    onExit,
  });
}

async function temporaryFolder(onExit) {
  const folder = await mkdtemp(path.join(tmpdir(), 'mc101-bench-'));
  await writeFile(path.join(folder, '.env'), '');
  onExit(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function emptyFolder(folder) {
  const full = path.resolve(root, folder);
  await rm(full, { recursive: true, force: true });
  await mkdir(full, { recursive: true });
  return full;
}
