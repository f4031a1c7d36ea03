import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemErrorCode } from './startup-error.js';

const run = promisify(execFile);
const LOOK_EVERY_MILLISECONDS = 25;

/** The pid of the living server of this cluster, found through `postmaster.pid`; undefined when none runs. */
export async function findPostmaster(clusterDir: string): Promise<number | undefined> {
  const pid = await recordedPid(clusterDir);
  return pid !== undefined && (await isPostmaster(pid, clusterDir)) ? pid : undefined;
}

/**
 * Makes a `postmaster.pid` harmless whose pid now belongs to some other process: the server ignores the pid of
 * its own parent and then still checks for shared memory in use, which removing the file would prevent.
 * Needs the instance lock and no living server.
 */
export async function disownStalePid(clusterDir: string): Promise<void> {
  const pid = await recordedPid(clusterDir);
  if (pid === undefined || !isAlive(pid)) return;
  const file = path.join(clusterDir, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, [String(process.pid), ...lines.slice(1)].join('\n'));
}

/** Whether the running server was started with exactly these arguments. */
export async function wasStartedWith(clusterDir: string, serverArguments: string[]): Promise<boolean> {
  const started = await readFile(path.join(clusterDir, 'postmaster.opts'), 'utf8').catch(() => '');
  return started.trimEnd().endsWith(serverArguments.map((argument) => ` "${argument}"`).join(''));
}

/** Resolves to true when the process is gone, to false when `timeoutMilliseconds` have passed. */
export async function waitUntilGone(
  pid: number,
  clusterDir: string,
  timeoutMilliseconds: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMilliseconds;
  while (isAlive(pid) && (await isPostmaster(pid, clusterDir))) {
    if (performance.now() > deadline) return false;
    await delay(LOOK_EVERY_MILLISECONDS);
  }
  return true;
}

/** Whether any process has this pid; one of another user counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

async function recordedPid(clusterDir: string): Promise<number | undefined> {
  const text = await readFile(path.join(clusterDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : undefined;
}

// By its command line, because after a crash or a reboot the recorded pid may be somebody else's.
async function isPostmaster(pid: number, clusterDir: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const [program = '', ...rest] = text.split('\0');
    return path.basename(program) === 'postgres' && rest[rest.indexOf('-D') + 1] === clusterDir;
  }
  const { stdout } = await run('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && stdout.includes(`-D ${clusterDir} `);
}
