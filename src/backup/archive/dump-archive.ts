import { open } from 'node:fs/promises';
import type { DumpTools } from '../../database/embedded/find-dump-tools.js';
import { BackupFailedError } from '../backup-failed-error.js';
import { libpqTarget, withPassFile } from './libpq.js';
import { runProgram } from './run-program.js';

/** zstd came with 16, and not with every build of it. */
const OLDEST_WITH_ZSTD = 16;

/** What a dump's connection calls itself, so that it can be told from every other one. */
export const DUMP_APPLICATION = 'mc101 pg_dump';

interface DumpOrder {
  readonly tools: DumpTools;
  readonly url: string;
  /** An exported snapshot of a transaction that is still open. */
  readonly snapshot: string;
  /** Must not exist yet. */
  readonly file: string;
  readonly signal: AbortSignal;
}

/**
 * Writes the whole database into one file (mode 0600) in pg_dump's custom format, without owners and rights, and
 * flushes it to the disk.
 * @throws BackupFailedError
 */
export async function dumpArchive({ tools, url, snapshot, file, signal }: DumpOrder): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const target = libpqTarget(url);
    const dump = (compression: string) =>
      withPassFile(target, (env) =>
        runProgram(
          tools.pgDump,
          [
            '--format=custom',
            '--no-owner',
            '--no-privileges',
            '--no-publications',
            '--no-subscriptions',
            '--no-tablespaces',
            '--no-password',
            '--lock-wait-timeout=60000',
            `--compress=${compression}`,
            `--snapshot=${snapshot}`,
            `--file=${file}`,
            `--dbname=${target.conninfo}`,
          ],
          { env: { ...env, PGAPPNAME: DUMP_APPLICATION }, signal },
        ),
      );
    if (tools.major < OLDEST_WITH_ZSTD) await dump('6');
    else
      await dump('zstd:3').catch((error: unknown) => (isWithoutZstd(error) ? dump('gzip:6') : fail(error)));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isWithoutZstd(error: unknown): boolean {
  return error instanceof BackupFailedError && /does not support compression with zstd/i.test(error.message);
}

function fail(error: unknown): never {
  throw error;
}
