import type { ProgramFolders } from '../../config/app-config.js';
import { findDumpTools, type DumpTools } from '../../database/embedded/find-dump-tools.js';
import { BackupFailedError } from '../backup-failed-error.js';

/** No pg_dump that can read the server is on this machine. */
export class NoDumpToolsError extends BackupFailedError {
  constructor(serverMajor: number) {
    super(
      `No pg_dump and pg_restore for PostgreSQL ${serverMajor} were found: install the package postgresql-client-${serverMajor}, or set PG_BIN_DIR.`,
    );
  }
}

/** @throws NoDumpToolsError */
export async function dumpToolsFor(
  serverMajor: number,
  { pgBinDir, searchPath }: ProgramFolders,
): Promise<DumpTools> {
  const tools = await findDumpTools(serverMajor, {
    binDirs: pgBinDir === undefined ? [] : [pgBinDir],
    searchPath,
  });
  if (!tools) throw new NoDumpToolsError(serverMajor);
  return tools;
}
