import { spawn } from 'node:child_process';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { giveToFolderOwner } from './data-folder.js';
import { disownStalePid, findPostmaster, isAlive, wasStartedWith } from './postmaster.js';
import { serverArguments, SOCKET_PORT, type ServerSettings } from './server-settings.js';
import type { ServerUser } from './server-user.js';
import { StartupError } from './startup-error.js';
import { stopServer } from './stop-server.js';
import { waitUntilReady } from './wait-until-ready.js';

const LOG_ROTATES_AT_BYTES = 5 * 1024 * 1024;
const RETRY_FOR_MILLISECONDS = 60_000;
const RETRY_AFTER_MILLISECONDS = 200;
const LOOK_FOR_ADOPTED_EVERY_MILLISECONDS = 300;

/** What a server leaves behind for a moment when it was killed: its backends still end. */
const STILL_ENDING = /pre-existing shared memory block|lock file ".*" already exists|is still in use/;

export interface StartServerOptions extends ServerSettings {
  dataDir: string;
  binDir: string;
  serverUser?: ServerUser;
  superuserPassword: string;
  onProgress: (message: string) => void;
}

/** A server that accepts connections. `ended` resolves when its process is gone, for whatever reason. */
export interface RunningServer {
  pid: number;
  adopted: boolean;
  ended: Promise<void>;
}

/**
 * The server of this cluster, accepting connections. One that runs already, left by a process that was killed,
 * is adopted when it has the same settings, else stopped and started again. Needs the instance lock.
 * @throws StartupError with the last words of the server's log
 */
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  const wanted = serverArguments(options);
  const orphan = await findPostmaster(options.clusterDir);
  if (orphan !== undefined) {
    if (await wasStartedWith(options.clusterDir, wanted)) {
      options.onProgress(`Adopting the database server that an earlier run left behind (pid ${orphan}).`);
      const adopted = await adoptServer(options, orphan);
      if (adopted) return adopted;
    } else {
      options.onProgress(`Stopping the database server that an earlier run left behind (pid ${orphan})…`);
      await stopServer(options.clusterDir);
    }
  }

  await forgetDeadServer(options);
  const deadline = performance.now() + RETRY_FOR_MILLISECONDS;
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryStarting(options, wanted);
    if ('server' in outcome) return outcome.server;
    if (!STILL_ENDING.test(outcome.log) || performance.now() > deadline) {
      throw new StartupError(
        `The database server did not start: ${lastWords(outcome.log)} The whole log is ${logFile(options.dataDir)}.`,
      );
    }
    if (attempt === 1) options.onProgress('Waiting for the processes of a killed database server to end…');
    await delay(RETRY_AFTER_MILLISECONDS);
  }
}

/** Takes over the server with this pid; undefined when it ended instead of accepting connections. */
export async function adoptServer(
  options: Pick<StartServerOptions, 'runDir' | 'superuserPassword' | 'onProgress'>,
  pid: number,
): Promise<RunningServer | undefined> {
  const { runDir, superuserPassword, onProgress } = options;
  const ready = await waitUntilReady(runDir, superuserPassword, () => !isAlive(pid), onProgress);
  return ready ? { pid, adopted: true, ended: whenGone(pid) } : undefined;
}

async function whenGone(pid: number): Promise<void> {
  while (isAlive(pid)) await delay(LOOK_FOR_ADOPTED_EVERY_MILLISECONDS, undefined, { ref: false });
}

async function tryStarting(
  options: StartServerOptions,
  wanted: string[],
): Promise<{ server: RunningServer } | { log: string }> {
  const log = await openLog(options.dataDir);
  try {
    const { size: logStart } = await log.stat();
    // A process group of its own: Ctrl-C at the terminal must not reach the server before requests are drained.
    const child = spawn(path.join(options.binDir, 'postgres'), wanted, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      uid: options.serverUser?.uid,
      gid: options.serverUser?.gid,
      cwd: '/',
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    });
    let hasEnded = false;
    let failure = '';
    const ended = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        failure = error.message;
        hasEnded = true;
        resolve();
      });
      child.once('exit', () => {
        hasEnded = true;
        resolve();
      });
    });
    child.unref();
    const { runDir, superuserPassword, onProgress } = options;
    const ready = await waitUntilReady(runDir, superuserPassword, () => hasEnded, onProgress);
    if (ready && child.pid !== undefined) return { server: { pid: child.pid, adopted: false, ended } };
    return { log: failure || (await readFrom(log, logStart)) };
  } finally {
    await log.close();
  }
}

/** Sockets and pids of a server that is gone; needs the instance lock. */
async function forgetDeadServer({ clusterDir, runDir }: ServerSettings): Promise<void> {
  await disownStalePid(clusterDir);
  const socket = path.join(runDir, `.s.PGSQL.${SOCKET_PORT}`);
  await rm(socket, { force: true });
  await rm(`${socket}.lock`, { force: true });
}

function logFile(dataDir: string): string {
  return path.join(dataDir, 'postgres.log');
}

async function openLog(dataDir: string): Promise<FileHandle> {
  const file = logFile(dataDir);
  const found = await stat(file).catch(() => undefined);
  if (found && found.size > LOG_ROTATES_AT_BYTES) await rename(file, `${file}.1`);
  const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW } = constants;
  const handle = await open(file, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW, 0o600);
  await giveToFolderOwner(handle, dataDir);
  return handle;
}

async function readFrom(log: FileHandle, start: number): Promise<string> {
  const { size } = await log.stat();
  const { buffer } = await log.read(Buffer.alloc(size - start), 0, size - start, start);
  return buffer.toString('utf8');
}

function lastWords(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim());
  const fatal = lines
    .filter((line) => /FATAL|PANIC|ERROR/.test(line))
    .at(-1)
    ?.replace(/^.*?(?=FATAL|PANIC|ERROR)/, '');
  const words = fatal ?? (lines.slice(-3).join(' ') || 'it said nothing');
  return `${words.slice(0, 300).replace(/\.$/, '')}.`;
}
