import type { Client } from 'pg';
import { postgresConnection } from '../../database/postgres-connection.js';
import { installTypeParsers } from '../../database/type-parsers.js';
import { withClient } from '../../database/with-client.js';

const CONNECT_TIMEOUT_MS = 10_000;

const NO_LIMITS = ['statement', 'lock', 'idle_in_transaction_session', 'idle_session']
  .map((name) => `-c ${name}_timeout=0`)
  .join(' ');

/**
 * Does something on a connection of its own, without limits of time: counting and copying take as long as they take.
 * @param database another one at the same server
 */
export function withConnection<T>(
  url: string,
  work: (client: Client) => Promise<T>,
  database?: string,
): Promise<T> {
  installTypeParsers();
  const { options = '', ...address } = postgresConnection(url, database);
  const config = {
    ...address,
    // What the URL says of these is meant for the service's own connections.
    application_name: 'mc101 backup',
    statement_timeout: false as const,
    lock_timeout: undefined,
    idle_in_transaction_session_timeout: undefined,
    query_timeout: undefined,
    options: `${options} ${NO_LIMITS}`.trim(),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
  return withClient(config, work);
}
