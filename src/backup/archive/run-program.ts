import { spawn } from 'node:child_process';
import path from 'node:path';
import { BackupFailedError } from '../backup-failed-error.js';

/** Enough for every complaint that ends a run; what a program says before its last words is dropped. */
const COMPLAINT_LENGTH = 8_192;
const KILL_AFTER_MS = 5_000;

/**
 * Runs one of PostgreSQL's programs to its end. Its memory is its own: what passes through here is complaints, and what
 * is taken to be thrown away.
 * @param env added to an otherwise empty environment
 * @param takesOutput takes what it writes to its standard output, and throws it away. A program that only writes there
 * ends with this process, even where that is killed: nobody takes what it writes any more
 * @throws BackupFailedError with the program's last complaint, or because `signal` ended it
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  {
    env = {},
    takesOutput = false,
    signal,
  }: { env?: Record<string, string>; takesOutput?: boolean; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd: '/',
    env: { LC_ALL: 'C', PGCONNECT_TIMEOUT: '10', PGAPPNAME: 'mc101 backup', ...env },
    stdio: ['ignore', takesOutput ? 'pipe' : 'ignore', 'pipe'],
    // A group of its own: a Ctrl-C is for us, and we end it, so that it does not look like a failure.
    detached: true,
  });
  child.stdout?.resume();
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_LENGTH);
  });
  let killer: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const { code, by } = await new Promise<{ code: number | null; by: string | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, exitSignal) => {
        resolve({ code: exitCode, by: exitSignal });
      });
    });
    signal.throwIfAborted();
    if (code !== 0) throw failure(program, complaint, by);
  } finally {
    clearTimeout(killer);
    signal.removeEventListener('abort', end);
  }
}

function failure(program: string, complaint: string, by: string | null): BackupFailedError {
  const name = path.basename(program);
  const said = complaint
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /error|fatal|could not|failed/i.test(line));
  const last = (said.at(-1) ?? complaint.trim().split('\n').at(-1) ?? '').replace(/^\S+: /, '');
  if (/No space left on device|Disk quota exceeded/i.test(complaint))
    return new BackupFailedError(`${name} found no space left on the disk: free some, or set BACKUP_DIR.`);
  return new BackupFailedError(by ? `${name} was ended by ${by}.` : `${name} failed: ${last}`);
}
