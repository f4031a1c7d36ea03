import pg from 'pg';
import { installTypeParsers } from '../../database/type-parsers.js';

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Does something on a connection of its own, without limits of time: counting and copying take as long as they take.
 * @param database another one at the same server
 */
export async function withConnection<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
  database?: string,
): Promise<T> {
  installTypeParsers();
  const client = new pg.Client({
    connectionString: database === undefined ? url : urlOfDatabase(url, database),
    application_name: 'mc101 backup',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options:
      '-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0',
  });
  // A connection that breaks while nothing is asked of it fails the next question; without a listener, the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The same server and role, another database. */
export function urlOfDatabase(url: string, database: string): string {
  const [, address, query] = /^(.*?:\/\/[^/?]*)[^?]*(\?.*)?$/s.exec(url) ?? [];
  if (address === undefined) throw new TypeError('This is no URL of a database.');
  return `${address}/${encodeURIComponent(database)}${query ?? ''}`;
}
