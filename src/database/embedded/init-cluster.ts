import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { clusterFolder, clusterMajor } from './cluster-folder.js';
import { giveFolder } from './data-folder.js';
import type { PostgresBinaries } from './locate-binaries.js';
import { syncFolder } from './secrets-file.js';
import { SUPERUSER } from './server-settings.js';
import type { ServerUser } from './server-user.js';
import { complaintOf, StartupError } from './startup-error.js';

const run = promisify(execFile);
const TEMPORARY_PREFIX = 'cluster.tmp-';

export interface InitClusterOptions {
  dataDir: string;
  runDir: string;
  binaries: PostgresBinaries;
  serverUser?: ServerUser;
  superuserPassword: string;
  fsync: boolean;
  onProgress: (message: string) => void;
}

/**
 * Creates the cluster when there is none: UTF-8, the same collation on every machine, checksums, and passwords on
 * every connection. It is built beside its place and renamed into it, so that a crash leaves nothing half-made.
 * Needs the instance lock. True when it was created.
 * @throws StartupError with initdb's last words
 */
export async function initCluster(options: InitClusterOptions): Promise<boolean> {
  const { dataDir, binaries, serverUser } = options;
  if ((await clusterMajor(dataDir)) !== undefined) return false;

  const cluster = clusterFolder(dataDir);
  const leftover = await readdir(cluster).catch(() => []);
  if (leftover.length > 0) {
    throw new StartupError(
      `${cluster} is not a database folder but is not empty either: move its contents elsewhere and start again.`,
    );
  }
  await removeUnfinished(dataDir);

  options.onProgress(`Creating the database (PostgreSQL ${binaries.version}, once)…`);
  const started = performance.now();
  const ticker = setInterval(() => {
    options.onProgress(`Creating the database… ${Math.round((performance.now() - started) / 1000)} s`);
  }, 1_000);
  const temporary = path.join(dataDir, `${TEMPORARY_PREFIX}${randomBytes(4).toString('hex')}`);
  const passwordFile = path.join(options.runDir, `pw-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(temporary, { mode: 0o700 });
    if (serverUser) await giveFolder(temporary, serverUser);
    await writePassword(passwordFile, options);
    await run(path.join(binaries.binDir, 'initdb'), initdbArguments(options, temporary, passwordFile), {
      uid: serverUser?.uid,
      gid: serverUser?.gid,
      cwd: '/',
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    });
    await rename(temporary, cluster);
    if (options.fsync) await syncFolder(dataDir);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw new StartupError(`The database could not be created in ${dataDir}: ${initdbComplaint(error)}`);
  } finally {
    clearInterval(ticker);
    await rm(passwordFile, { force: true });
  }
  return true;
}

async function writePassword(
  file: string,
  { superuserPassword, serverUser }: InitClusterOptions,
): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(`${superuserPassword}\n`);
    if (serverUser) await handle.chown(serverUser.uid, serverUser.gid);
  } finally {
    await handle.close();
  }
}

function initdbArguments(options: InitClusterOptions, folder: string, passwordFile: string): string[] {
  const builtinLocale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  return [
    `--pgdata=${folder}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    ...(options.binaries.major >= 17 ? builtinLocale : []),
    '--data-checksums',
    ...(options.fsync ? [] : ['--no-sync']),
  ];
}

async function removeUnfinished(dataDir: string): Promise<void> {
  const entries = await readdir(dataDir);
  const unfinished = entries.filter((entry) => entry.startsWith(TEMPORARY_PREFIX));
  await Promise.all(
    unfinished.map((entry) => rm(path.join(dataDir, entry), { recursive: true, force: true })),
  );
}

function initdbComplaint(error: unknown): string {
  const lines = complaintOf(error)
    .split('\n')
    .filter((line) => !line.startsWith('initdb: removing'));
  const complaint = lines.find((line) => /error|fatal|could not/i.test(line)) ?? lines.at(-1) ?? '';
  return `${complaint.trim().replace(/\.$/, '')}.`;
}
