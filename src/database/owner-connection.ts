import pg from 'pg';
import { postgresConnection } from './postgres-connection.js';

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Does something on a connection of its own as the owner of the schema, for what the app's role must not be able to do.
 * @param url DATABASE_OWNER_URL
 */
export async function withOwner<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    application_name: 'mc101',
    ...postgresConnection(url),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
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
