import pg from 'pg';
import type { Clock } from '../common/clock.js';
import type { DatabaseUrls } from '../config/app-config.js';
import { postgresConnection } from '../database/postgres-connection.js';

const LIMIT_MS = 5_000;

/** How far another clock is ahead of this machine's, and how far that can be off. */
export interface ClockReading {
  readonly aheadMs: number;
  readonly uncertainMs: number;
}

/** What a connection is to the server. @internal for tests */
export interface SessionFacts {
  readonly role: string;
  readonly isSuperuser: boolean;
  readonly mayCreateDatabases: boolean;
  /** Somebody stands between: the process that answers is not the one that greeted. */
  readonly isPooled: boolean;
}

export interface DatabaseFacts {
  readonly app: SessionFacts;
  readonly owner: SessionFacts;
  readonly direct: SessionFacts;
  /** The owner may end the app's connections, which a restore has to. */
  readonly ownerIsMemberOfApp: boolean;
  readonly clock: ClockReading;
  readonly bytes: number;
  /** Names of the migrations that have run; undefined for a database without the service's tables. */
  readonly migrations: readonly string[] | undefined;
}

/** One of the addresses leads nowhere; which, by the name of its variable. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';

  constructor(
    readonly variable: string,
    override readonly cause: unknown,
  ) {
    super(`${variable} leads nowhere.`);
  }
}

/**
 * Asks the database what it is, as each of its roles. Sets nothing, so that nothing is left in a pooler's session.
 * @throws UnreachableError
 */
export async function readDatabaseFacts(urls: DatabaseUrls, clock: Clock): Promise<DatabaseFacts> {
  const app = await at('DATABASE_URL', urls.app, async (client) => {
    const [migrated] = await rows<{ there: boolean }>(
      client,
      `SELECT to_regclass('public.migrations') IS NOT NULL AS there`,
    );
    const [size] = await rows<{ bytes: string }>(
      client,
      'SELECT pg_database_size(current_database())::text AS bytes',
    );
    return {
      session: await readSession(client),
      clock: await readClock(client, clock),
      bytes: Number(size?.bytes),
      migrations: migrated?.there ? await readMigrations(client) : undefined,
    };
  });
  const owner =
    urls.owner === urls.app
      ? app.session
      : await at('DATABASE_OWNER_URL', urls.owner, (client) => readSession(client));
  const readDirect = async (client: pg.Client) => ({
    direct: await readSession(client),
    isMember: await isMember(client, owner.role, app.session.role),
  });
  const { direct, isMember: ownerIsMemberOfApp } = await at('DATABASE_DIRECT_URL', urls.direct, readDirect);
  const { session, ...rest } = app;
  return { app: session, owner, direct, ownerIsMemberOfApp, ...rest };
}

async function at<T>(variable: string, url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  try {
    const client = new pg.Client({
      ...postgresConnection(url),
      application_name: 'mc101 doctor',
      connectionTimeoutMillis: LIMIT_MS,
      query_timeout: LIMIT_MS,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  } catch (error) {
    throw new UnreachableError(variable, error);
  }
}

async function readSession(client: pg.Client): Promise<SessionFacts> {
  const [row] = await rows<{ role: string; superuser: boolean; createdb: boolean; pid: number }>(
    client,
    `SELECT rolname AS role, rolsuper AS superuser, rolcreatedb AS createdb, pg_backend_pid() AS pid
     FROM pg_roles WHERE rolname = current_user`,
  );
  if (!row) throw new Error('The server does not know its own user.');
  // A pooler greets with a process id of its own making, which stands for no server process.
  const { processID: greeted } = client as pg.Client & { processID: number | null };
  return {
    role: row.role,
    isSuperuser: row.superuser,
    mayCreateDatabases: row.createdb || row.superuser,
    isPooled: greeted !== row.pid,
  };
}

async function readMigrations(client: pg.Client): Promise<string[]> {
  return (await rows<{ name: string }>(client, 'SELECT name FROM public.migrations')).map(({ name }) => name);
}

/** Half of the way there and back is all that is not known. */
async function readClock(client: pg.Client, clock: Clock): Promise<ClockReading> {
  const asked = clock.now().getTime();
  const [row] = await rows<{ ms: string }>(
    client,
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS ms',
  );
  const answered = clock.now().getTime();
  return { aheadMs: Number(row?.ms) - (asked + answered) / 2, uncertainMs: (answered - asked) / 2 };
}

async function isMember(client: pg.Client, role: string, of: string): Promise<boolean> {
  const [row] = await rows<{ member: boolean }>(client, `SELECT pg_has_role($1, $2, 'MEMBER') AS member`, [
    role,
    of,
  ]);
  return row?.member ?? false;
}

async function rows<T extends pg.QueryResultRow>(
  client: pg.Client,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  return (await client.query<T>(text, values)).rows;
}
