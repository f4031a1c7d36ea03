import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { StartupError, systemErrorCode } from './startup-error.js';

/** Where in the data folder PostgreSQL's own files lie. */
export function clusterFolder(dataDir: string): string {
  return path.join(dataDir, 'cluster');
}

/** The account that owns the cluster; undefined while there is no cluster. */
export async function clusterOwner(dataDir: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const { uid, gid } = await stat(path.join(clusterFolder(dataDir), 'PG_VERSION'));
    return { uid, gid };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/**
 * The major version that made the cluster; undefined while there is no cluster.
 * @throws StartupError when PG_VERSION cannot be read or understood
 */
export async function clusterMajor(dataDir: string): Promise<number | undefined> {
  const file = path.join(clusterFolder(dataDir), 'PG_VERSION');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new StartupError(
      `${file} cannot be read (${systemErrorCode(error) ?? 'unknown error'}): start as the user who owns the data folder.`,
    );
  }
  const major = Number.parseInt(text, 10);
  if (!Number.isInteger(major)) {
    throw new StartupError(`${file} does not name a version: restore the data folder from a copy.`);
  }
  return major;
}
