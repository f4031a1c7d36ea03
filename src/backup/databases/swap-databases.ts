import { setTimeout as delay } from 'node:timers/promises';
import { escapeIdentifier, type Client } from 'pg';
import { BackupFailedError } from '../backup-failed-error.js';

const OBJECT_IN_USE = '55006';
const INSUFFICIENT_PRIVILEGE = '42501';
const LOOK_EVERY_MS = 20;
const ATTEMPTS = 3;

export interface Swap {
  /** The name that both are about. */
  readonly name: string;
  readonly replacement: string;
  readonly setAside: string;
  /** The backend whose transaction keeps votes from being cast: it ends last, when nobody can come in any more. */
  readonly keeper?: number;
}

interface Backend {
  pid: number;
  user: string;
  application: string;
}

/**
 * Puts one database in the place of another, which goes on under a name of its own. Both renames are one transaction:
 * whatever happens, there is one database under the name, the former or the new one.
 * @param renaming a connection to a third database, as is `ending`, which ends the connections to these two
 * @throws BackupFailedError; then everything is as it was, but for connections that were ended
 */
export async function swapDatabases(renaming: Client, ending: Client, swap: Swap): Promise<void> {
  const { rows } = await renaming.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const renamingPid = rows[0]?.pid ?? 0;
  for (let attempt = 1; ; attempt += 1) {
    const stop = new AbortController();
    const foreign = new Map<number, Backend>();
    const ended = endConnections(ending, swap, renamingPid, foreign, stop.signal);
    // A failure of it shows below, as connections that are still there.
    ended.catch(() => undefined);
    try {
      await rename(renaming, swap);
      return;
    } catch (error) {
      await renaming.query('ROLLBACK').catch(() => undefined);
      const { code } = error as { code?: string };
      if (code === INSUFFICIENT_PRIVILEGE)
        throw new BackupFailedError(
          "The database's owner role may not rename it: it must own the database and have CREATEDB.",
        );
      if (code !== OBJECT_IN_USE) throw error;
      // Once the keeper has ended, votes may have been cast: they must be counted again.
      if (attempt === ATTEMPTS || foreign.size > 0 || !(await isAlive(ending, swap.keeper)))
        throw stillInUse([...foreign.values()]);
    } finally {
      stop.abort();
      await ended.catch(() => undefined);
    }
  }
}

/** The first rename locks the database against new connections and waits for the others to end, at most 5 s. */
async function rename(client: Client, { name, replacement, setAside }: Swap): Promise<void> {
  await client.query('BEGIN');
  await client.query(`ALTER DATABASE ${escapeIdentifier(name)} RENAME TO ${escapeIdentifier(setAside)}`);
  await client.query(`ALTER DATABASE ${escapeIdentifier(replacement)} RENAME TO ${escapeIdentifier(name)}`);
  await client.query('COMMIT');
}

async function endConnections(
  ending: Client,
  { name, replacement, keeper }: Swap,
  renamingPid: number,
  foreign: Map<number, Backend>,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const others = (await backendsOf(ending, [name, replacement])).filter(({ pid }) => pid !== keeper);
    const isLocked = await holdsDatabaseLock(ending, renamingPid);
    for (const backend of others) {
      if (!(await terminate(ending, backend.pid))) foreign.set(backend.pid, backend);
    }
    if (keeper !== undefined && isLocked && others.length === 0) await terminate(ending, keeper);
    await delay(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Backends of users; those of the server's own end by themselves. */
async function backendsOf(client: Client, databases: readonly string[]): Promise<Backend[]> {
  const { rows } = await client.query<Backend>(
    `SELECT pid, usename AS "user", application_name AS application FROM pg_stat_activity
     WHERE datname = ANY ($1) AND usename IS NOT NULL AND pid <> pg_backend_pid()`,
    [databases],
  );
  return rows;
}

async function holdsDatabaseLock(client: Client, pid: number): Promise<boolean> {
  const { rows } = await client.query<{ holds: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND granted AND locktype = 'object'
                      AND classid = 'pg_database'::regclass AND mode = 'AccessExclusiveLock') AS holds`,
    [pid],
  );
  return rows[0]?.holds ?? false;
}

/** @returns false for somebody else's, which may not be ended */
async function terminate(client: Client, pid: number): Promise<boolean> {
  try {
    await client.query('SELECT pg_terminate_backend($1)', [pid]);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE) return false;
    throw error;
  }
}

async function isAlive(client: Client, pid: number | undefined): Promise<boolean> {
  if (pid === undefined) return true;
  const { rowCount } = await client.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
  return rowCount === 1;
}

function stillInUse(foreign: readonly Backend[]): BackupFailedError {
  const who = foreign.map(
    ({ pid, user, application }) => `${user} (pid ${pid}, ${application || 'no name'})`,
  );
  return new BackupFailedError(
    who.length > 0
      ? `Connections to the database may not be ended by its owner's role: ${who.join(', ')}. Stop these programs, or GRANT their role to the owner's, and try again.`
      : 'Connections to the database were opened again and again while they were ended: stop these programs and try again.',
  );
}
