import type { Client } from 'pg';
import { postgresConnection } from './postgres-connection.js';
import { withClient } from './with-client.js';

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Does something on a connection of its own as the owner of the schema, for what the app's role must not be able to do.
 * @param url DATABASE_OWNER_URL
 */
export function withOwner<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(
    {
      application_name: 'mc101',
      ...postgresConnection(url),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    },
    work,
  );
}
