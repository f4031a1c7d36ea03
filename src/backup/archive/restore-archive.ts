import type { DumpTools } from '../../database/embedded/find-dump-tools.js';
import { libpqTarget, withPassFile } from './libpq.js';
import { runProgram } from './run-program.js';

interface RestoreOrder {
  readonly tools: DumpTools;
  /** Its role becomes the owner of everything. */
  readonly url: string;
  /** An empty database at the same server. */
  readonly database: string;
  readonly file: string;
  readonly signal: AbortSignal;
}

/**
 * Restores an archive in one transaction: the database is filled, or empty as before.
 * @throws BackupFailedError
 */
export async function restoreArchive({ tools, url, database, file, signal }: RestoreOrder): Promise<void> {
  const target = libpqTarget(url, database);
  await withPassFile(target, (env) =>
    runProgram(
      tools.pgRestore,
      [
        '--exit-on-error',
        '--single-transaction',
        '--no-owner',
        '--no-privileges',
        '--no-tablespaces',
        '--no-password',
        `--dbname=${target.conninfo}`,
        file,
      ],
      { env, signal },
    ),
  );
}
