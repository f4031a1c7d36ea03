import path from 'node:path';
import { findInstallations, inspectInstallation } from './find-installations.js';

/** pg_dump and pg_restore of one version, able to read the server. */
export interface DumpTools {
  pgDump: string;
  pgRestore: string;
  major: number;
  version: string;
}

/**
 * The dump tools for a server of this major: of the same major where there are some, else of the nearest newer
 * one, because pg_dump reads older servers and refuses newer ones. Undefined when the machine has none.
 * `binDirs` are looked at besides the local installations, `searchPath` is the value of PATH.
 */
export async function findDumpTools(
  serverMajor: number,
  { binDirs = [], searchPath }: { binDirs?: readonly string[]; searchPath?: string } = {},
): Promise<DumpTools | undefined> {
  const preferred = await Promise.all(binDirs.map(inspectInstallation));
  const tools = [...preferred, ...(await findInstallations(searchPath))].flatMap(
    ({ binDir, dump, restore }) =>
      dump && dump.major === restore?.major && dump.major >= serverMajor
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
