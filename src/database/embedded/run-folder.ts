import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { giveFolder, type DataFolder } from './data-folder.js';
import { StartupError, systemErrorCode } from './startup-error.js';

/** Linux takes 107 bytes for a socket's path, macOS 103; this leaves room for the names inside the folder. */
const LONGEST_SOCKET_PATH_BYTES = 90;

/**
 * The folder of the sockets, closed to everyone but the server's user (and root): `run` in the data folder, or,
 * when that path is too long for a socket, a folder below /tmp named by the data folder's hash. Always /tmp,
 * whatever TMPDIR says: a second start must look in the same place.
 * @throws StartupError when the folder below /tmp belongs to somebody else
 */
export async function prepareRunFolder({ dataDir, serverUser }: DataFolder): Promise<string> {
  const runDir = runFolder(dataDir);
  const uid = serverUser?.uid ?? process.getuid?.() ?? 0;
  await mkdir(runDir, { mode: 0o700 }).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  });
  const found = await lstat(runDir);
  const foreign = found.uid !== uid && found.uid !== process.getuid?.();
  if (!found.isDirectory() || foreign) {
    throw new StartupError(
      `${runDir}, where the database's socket belongs, is not a folder of this user: remove it and start again.`,
    );
  }
  if (serverUser && found.uid !== uid) await giveFolder(runDir, serverUser);
  if ((found.mode & 0o777) !== 0o700) await chmod(runDir, 0o700);
  return runDir;
}

/** Where the sockets of this data folder (absolute, without links) lie. */
export function runFolder(dataDir: string): string {
  const inside = path.join(dataDir, 'run');
  if (Buffer.byteLength(path.join(inside, '.s.PGSQL.5432')) <= LONGEST_SOCKET_PATH_BYTES) return inside;
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return path.join('/tmp', `mc101-${hash}`);
}
