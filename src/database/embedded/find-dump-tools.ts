import path from 'node:path';
import { findInstallations, inspectInstallation } from './find-installations.js';

/** pg_dump and pg_restore of one version, able to read the server. */
export interface DumpTools {
  pgDump: string;
  pgRestore: string;
  major: number;
  version: string;
}

/** From here on pg_restore sets `transaction_timeout`, which an older server refuses. */
const FIRST_WITH_TRANSACTION_TIMEOUT = 17;

/**
 * The dump tools for a server of this major: of the same major where there are some, else of the nearest newer
 * one, because pg_dump reads older servers and refuses newer ones; but none of 17 or newer for an older server, which
 * refuses what their pg_restore says. Undefined when the machine has none.
 * `binDirs` are looked at besides the local installations, `searchPath` is the value of PATH.
 */
export async function findDumpTools(
  serverMajor: number,
  { binDirs = [], searchPath }: { binDirs?: readonly string[]; searchPath?: string } = {},
): Promise<DumpTools | undefined> {
  const preferred = await Promise.all(binDirs.map(inspectInstallation));
  const tools = [...preferred, ...(await findInstallations(searchPath))].flatMap(
    ({ binDir, dump, restore }) =>
      dump && dump.major === restore?.major && canServe(dump.major, serverMajor)
        ? [
            {
              pgDump: path.join(binDir, 'pg_dump'),
              pgRestore: path.join(binDir, 'pg_restore'),
              major: dump.major,
              version: dump.text,
            },
          ]
        : [],
  );
  return tools.sort((a, b) => a.major - b.major)[0];
}

function canServe(toolsMajor: number, serverMajor: number): boolean {
  if (toolsMajor < serverMajor) return false;
  return serverMajor >= FIRST_WITH_TRANSACTION_TIMEOUT || toolsMajor < FIRST_WITH_TRANSACTION_TIMEOUT;
}
