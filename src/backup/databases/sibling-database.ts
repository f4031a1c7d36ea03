import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { BackupFailedError } from '../backup-failed-error.js';

const INSUFFICIENT_PRIVILEGE = '42501';

/** The role of the connection may not create databases. */
export class MayNotCreateDatabasesError extends BackupFailedError {
  constructor() {
    super(
      "The database's owner role may not create databases: ALTER ROLE … CREATEDB, and set DATABASE_OWNER_URL to it.",
    );
  }
}

interface Locale {
  encoding: string;
  provider: string;
  collate: string;
  ctype: string;
  /** Of the providers other than libc. */
  locale: string | null;
}

/**
 * Makes an empty database at the same server, with the encoding and the locale of the connection's own.
 * @throws MayNotCreateDatabasesError
 */
export async function createSibling(client: Client, name: string): Promise<void> {
  const { encoding, provider, collate, ctype, locale } = await readLocale(client);
  const words = [
    `CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0 ENCODING ${escapeLiteral(encoding)}`,
    `LC_COLLATE ${escapeLiteral(collate)} LC_CTYPE ${escapeLiteral(ctype)}`,
  ];
  if (provider === 'i') words.push(`LOCALE_PROVIDER icu ICU_LOCALE ${escapeLiteral(locale ?? '')}`);
  if (provider === 'c') words.push('LOCALE_PROVIDER libc');
  if (provider === 'b') words.push(`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${escapeLiteral(locale ?? '')}`);
  try {
    await client.query(words.join(' '));
  } catch (error) {
    throw (error as { code?: string }).code === INSUFFICIENT_PRIVILEGE
      ? new MayNotCreateDatabasesError()
      : error;
  }
}

/** Drops every database whose name begins so, but the connection's own. @returns their names */
export async function dropByPrefix(client: Client, prefix: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1) AND datname <> current_database()',
    [prefix],
  );
  for (const { name } of rows) await dropDatabase(client, name);
  return rows.map(({ name }) => name);
}

/** Drops a database with whatever connections it has. */
export async function dropDatabase(client: Client, name: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
}

async function readLocale(client: Client): Promise<Locale> {
  const major = await serverMajor(client);
  const locale = major >= 17 ? 'datlocale' : 'daticulocale';
  const { rows } = await client.query<Locale>(
    `SELECT pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datcollate AS collate,
            datctype AS ctype, ${locale} AS locale
     FROM pg_database WHERE datname = current_database()`,
  );
  const [row] = rows;
  if (!row) throw new BackupFailedError('The database is not in the list of databases.');
  return row;
}

/** The name of the connection's own database. */
export async function currentDatabase(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const [row] = rows;
  if (!row) throw new BackupFailedError('The database does not tell its name.');
  return row.name;
}

/** @returns for example 15 */
export async function serverMajor(client: Client): Promise<number> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT current_setting('server_version_num') AS version`,
  );
  return Math.floor(Number(rows[0]?.version) / 10_000);
}
