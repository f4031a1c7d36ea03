import type { ConnectionOptions } from 'node:tls';
import pg, { type ClientConfig } from 'pg';
import { parse, toClientConfig } from 'pg-connection-string';
import { parsePostgresUrl } from '../config/postgres-url.js';

/**
 * What a PostgreSQL URL says, for `pg`: given to it in place of the URL, whose database could not be another one, nor
 * have every character. Reads the files that the URL names for TLS.
 * @param database another one at the same server
 * @throws TypeError for what is no URL
 */
export function postgresConnection(url: string, database?: string): ClientConfig {
  const parsed = parse(sayWhatIsMeant(url));
  const ssl = typeof parsed.ssl === 'string' ? wordForTls(parsed.ssl) : parsed.ssl;
  return toClientConfig({ ...parsed, ssl, database: database ?? databaseIn(url) ?? parsed.database });
}

/** Where `pg` connects, as whom, and how it encrypts. */
interface ResolvedConnection {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string | null;
  readonly database?: string;
  /** A word is one that `pg` does not know. */
  readonly ssl: boolean | string | ConnectionOptions;
}

/** A connection with what `pg` itself puts where nothing is said, from its defaults and the variables of PostgreSQL. */
export function resolveConnection(connection: ClientConfig): ResolvedConnection {
  return new pg.Client(connection);
}

/**
 * To `pg`, these words mean verify-full, and it says at each start that they will mean less one day. Here they go on
 * meaning it.
 */
function sayWhatIsMeant(url: string): string {
  if (/[?&]uselibpqcompat=true(?:&|$)/.test(url)) return url;
  return url.replaceAll(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/g, '$1verify-full');
}

/** `toClientConfig` would drop a word, and with it the encryption. One that means nothing does not turn it off. */
function wordForTls(word: string): true | { rejectUnauthorized: false } {
  return word === 'no-verify' ? { rejectUnauthorized: false } : true;
}

/** `pg` leaves `%23` and its like as they stand, and a name with `#` or `?` could not be written at all. */
function databaseIn(url: string): string | undefined {
  try {
    return decodeURIComponent(parsePostgresUrl(url).pathname.slice(1)) || undefined;
  } catch {
    // A percent sign that stands for itself.
    return undefined;
  }
}
