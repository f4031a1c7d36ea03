import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  open,
  readFile,
  readdir,
  realpath,
  rmdir,
  stat,
  unlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import path from 'node:path';
import { clusterOwner } from './cluster-folder.js';
import { canEnter, findUnprivilegedUser, userOfUid, type ServerUser } from './server-user.js';
import { StartupError, systemErrorCode } from './startup-error.js';

/** Where the data go when root starts a checkout that the database's user cannot enter. */
const FALLBACK_DATA_DIR = '/var/lib/mc101';

/** Names the folder that the fallback stands in for, so that it is found again when that one can be entered. */
const MOVED_FROM_FILE = 'moved-from';

export interface DataFolderOptions {
  dataDir: string;
  /** Nobody configured the folder, so that another one may take its place. */
  dataDirIsDefault: boolean;
  fallbackDataDir?: string;
}

/** `dataDir` is absolute, without links. `serverUser` is set when root must start the server as another user. */
export interface DataFolder {
  dataDir: string;
  movedFrom?: string;
  serverUser?: ServerUser;
}

/**
 * A data folder that exists, is writable, closed to others, and can be entered by the user whom the server runs
 * under. An ordinary user owns it (0700). Started by root, it stays root's and the server's group may pass
 * through (0710), so that the server's user cannot replace the secrets in it; a folder that an ordinary user
 * made stays theirs, and the server then runs as them.
 * @throws StartupError when the folder cannot serve; only the default one is replaced by the fallback
 */
export async function prepareDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const wanted = path.resolve(options.dataDir);
  if (process.getuid?.() !== 0) {
    await makeFolder(wanted);
    if (await isOurs(wanted)) await closeToOthers(wanted);
    await tryWriting(wanted);
    return { dataDir: await realpath(wanted) };
  }

  const fallback = path.resolve(options.fallbackDataDir ?? FALLBACK_DATA_DIR);
  const owner = await clusterOwner(wanted);
  if (!owner && options.dataDirIsDefault && (await standsInFor(fallback, wanted))) {
    return await moveTo(fallback, wanted);
  }

  const made = await makeFolder(wanted);
  const serverUser = await serverUserFor(owner, wanted);
  await openToServer(wanted, serverUser);
  await tryWriting(wanted);
  const dataDir = await realpath(wanted);
  if (await canEnter(serverUser, dataDir)) return { dataDir, serverUser };

  if (!options.dataDirIsDefault || owner) {
    throw new StartupError(
      `The database runs as the user "${serverUser.name}", who cannot enter DATA_DIR (${wanted}): choose a folder that every user can reach, such as ${FALLBACK_DATA_DIR}, or start the service as an ordinary user.`,
    );
  }
  if (made) await rmdir(wanted).catch(() => undefined);
  return await moveTo(fallback, wanted);
}

/** The data folder with a database in it that an earlier start has made. Looks alone; undefined when there is none. */
export async function findDataFolder(options: DataFolderOptions): Promise<string | undefined> {
  const wanted = path.resolve(options.dataDir);
  if (await clusterOwner(wanted)) return wanted;
  const fallback = path.resolve(options.fallbackDataDir ?? FALLBACK_DATA_DIR);
  const mayHaveMoved = options.dataDirIsDefault && process.getuid?.() === 0;
  return mayHaveMoved && (await standsInFor(fallback, wanted)) ? fallback : undefined;
}

/** Gives an open file that root wrote to the owner of its folder, so that the owner can later start without root. */
export async function giveToFolderOwner(file: FileHandle, folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  // By its handle: under its name the folder's owner may have put a link to a file of root's.
  if (uid !== 0) await file.chown(uid, gid);
}

/** Gives a folder that root made to the server's user; never what a link in its place leads to. */
export async function giveFolder(folder: string, { uid, gid }: ServerUser): Promise<void> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    await handle.chown(uid, gid);
  } finally {
    await handle.close();
  }
}

async function moveTo(fallback: string, wanted: string): Promise<DataFolder> {
  await makeFolder(fallback);
  const serverUser = await serverUserFor(await clusterOwner(fallback), fallback);
  await openToServer(fallback, serverUser);
  await tryWriting(fallback);
  const dataDir = await realpath(fallback);
  if (!(await canEnter(serverUser, dataDir))) {
    throw new StartupError(
      `The database runs as the user "${serverUser.name}", who can enter neither ${wanted} nor ${fallback}: set DATA_DIR to a folder that every user can reach.`,
    );
  }
  await writeFile(path.join(dataDir, MOVED_FROM_FILE), `${wanted}\n`);
  return { dataDir, movedFrom: wanted, serverUser };
}

async function standsInFor(fallback: string, wanted: string): Promise<boolean> {
  if (!(await clusterOwner(fallback))) return false;
  const from = await readFile(path.join(fallback, MOVED_FROM_FILE), 'utf8').catch(() => '');
  return from.trim() === wanted;
}

async function serverUserFor(
  owner: { uid: number; gid: number } | undefined,
  folder: string,
): Promise<ServerUser> {
  if (!owner) {
    const { uid, gid } = await stat(folder);
    // initdb wants a user with a name, which the owner of a container's volume may lack.
    const theirs = uid !== 0 && (await isOurs(folder)) ? await userOfUid(uid, gid) : undefined;
    return theirs ?? (await findUnprivilegedUser());
  }
  if (owner.uid === 0) {
    throw new StartupError(
      `The cluster in ${folder} belongs to root, and PostgreSQL does not run as root: give it to another user (chown -R postgres ${path.join(folder, 'cluster')}).`,
    );
  }
  // PostgreSQL opens only what belongs to the user whom it runs under.
  return (await userOfUid(owner.uid, owner.gid)) ?? { name: `uid ${owner.uid}`, ...owner };
}

/** Creates the folder, closed, and passable ones above it, whatever the umask; true when it was not there. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    return await makeWithParents(folder, 0o700);
  } catch (error) {
    throw cannotUse(folder, 'created', error);
  }
}

// Not mkdir's own `recursive`, which never returns for a folder that /proc or /sys refuses with ENOENT.
async function makeWithParents(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST' && (await isFolder(folder))) return false;
    const mayHelp = code === 'ENOENT' && path.dirname(folder) !== folder;
    if (!mayHelp || !(await makeWithParents(path.dirname(folder), 0o755))) throw error;
    await mkdir(folder);
  }
  await chmod(folder, mode);
  return true;
}

async function isFolder(folder: string): Promise<boolean> {
  return await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function openToServer(folder: string, user: ServerUser): Promise<void> {
  if (!(await isOurs(folder))) return;
  const { uid } = await stat(folder);
  if (uid === user.uid) {
    await closeToOthers(folder);
  } else {
    await chown(folder, 0, user.gid);
    await chmod(folder, 0o710);
  }
}

async function closeToOthers(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  // A folder of another user keeps its mode; writing to it is tried next.
  if (mode & 0o077) await chmod(folder, 0o700).catch(() => undefined);
}

/** New, empty or filled by us: a folder with other things in it keeps its owner and mode. */
async function isOurs(folder: string): Promise<boolean> {
  const entries = await readdir(folder).catch(() => ['?']);
  return entries.length === 0 || entries.includes('cluster') || entries.includes('secrets.json');
}

async function tryWriting(folder: string): Promise<void> {
  const probe = path.join(folder, `.probe-${randomBytes(6).toString('hex')}`);
  try {
    await (await open(probe, 'wx', 0o600)).close();
    await unlink(probe);
  } catch (error) {
    throw cannotUse(folder, 'written to', error);
  }
}

function cannotUse(folder: string, verb: string, error: unknown): StartupError {
  const code = systemErrorCode(error) ?? 'unknown error';
  const reason =
    {
      EACCES: 'permission denied',
      EPERM: 'permission denied',
      EROFS: 'the file system is read-only',
      ENOSPC: 'the disk is full',
      EDQUOT: 'the disk quota is used up',
      EEXIST: 'a file of that name is in the way',
      ENOTDIR: 'a part of the path is a file',
      ENOENT: 'its file system takes no new folders',
    }[code] ?? code;
  return new StartupError(
    `DATA_DIR (${folder}) cannot be ${verb}: ${reason}. Set DATA_DIR to a folder that you may write to.`,
  );
}
