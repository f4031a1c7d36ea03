import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { StartupError, systemErrorCode } from './startup-error.js';

const run = promisify(execFile);

/** The operating-system account that the database server runs under. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

/**
 * The unprivileged account for a server that is started by root, which PostgreSQL itself refuses to be:
 * `postgres` where it exists, else `nobody`.
 * @throws StartupError when the machine has neither
 */
export async function findUnprivilegedUser(): Promise<ServerUser> {
  for (const name of ['postgres', 'nobody']) {
    const user = await lookUp(name);
    if (user) return user;
  }
  throw new StartupError(
    'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody": start the service as an ordinary user.',
  );
}

/** The account with this uid and, for its files, this group; undefined when the machine knows none. */
export async function userOfUid(uid: number, gid: number): Promise<ServerUser | undefined> {
  return await run('id', ['-un', String(uid)]).then(
    ({ stdout }) => ({ name: stdout.trim(), uid, gid }),
    () => undefined,
  );
}

/**
 * Whether this account can enter the folder, tried by doing so: mode bits alone miss ACLs and mount options.
 * @throws StartupError when root may not change to the account, as in a container without that capability
 */
export async function canEnter(user: ServerUser, folder: string): Promise<boolean> {
  try {
    const { uid, gid } = user;
    await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { uid, gid, cwd: '/', env: {} });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EPERM') {
      throw new StartupError(
        `PostgreSQL does not run as root, and this process may not change to the user "${user.name}": start the service as an ordinary user.`,
      );
    }
    return false;
  }
}

async function lookUp(name: string): Promise<ServerUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    const user = { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
    // An account with uid 0 under another name is root again.
    return user.uid > 0 ? user : undefined;
  } catch {
    return undefined;
  }
}
