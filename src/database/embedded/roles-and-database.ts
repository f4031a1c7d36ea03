import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { Secrets } from './secrets-file.js';
import { SOCKET_PORT, SUPERUSER } from './server-settings.js';

const OWNER_ROLE = 'mc101_owner';
const APP_ROLE = 'mc101_app';
const DATABASE = 'mc101';
/** Any number that nothing else locks in the database `postgres`. */
const SETUP_LOCK = 101_101;

/** Connection strings as node-pg and libpq read them: a unix socket's folder as `host`. */
export interface DatabaseUrls {
  appUrl: string;
  ownerUrl: string;
  superuserUrl: string;
}

/** The addresses of the embedded server's three roles. */
export function databaseUrls(runDir: string, { database: passwords }: Secrets): DatabaseUrls {
  const where = `host=${encodeURIComponent(runDir)}&port=${SOCKET_PORT}`;
  const url = (role: string, password: string, database: string) =>
    `postgresql://${role}:${encodeURIComponent(password)}@/${database}?${where}`;
  return {
    appUrl: url(APP_ROLE, passwords.app, DATABASE),
    ownerUrl: url(OWNER_ROLE, passwords.owner, DATABASE),
    superuserUrl: url(SUPERUSER, passwords.superuser, 'postgres'),
  };
}

/**
 * Makes sure that the owner's role (migrations, backup; may create databases), the app's role and the database
 * exist, with the passwords of the secrets file. Harmless to repeat and to run twice at once.
 */
export async function ensureRolesAndDatabase(superuserUrl: string, secrets: Secrets): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [SETUP_LOCK]);
    await ensureRole(client, OWNER_ROLE, 'LOGIN CREATEDB', secrets.database.owner);
    await ensureRole(client, APP_ROLE, 'LOGIN', secrets.database.app);
    // A restore ends the app's connections, which takes membership in its role.
    await client.query(`GRANT ${APP_ROLE} TO ${OWNER_ROLE}`);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER_ROLE}`);
  } finally {
    await client.end();
  }
}

async function ensureRole(client: Client, role: string, rights: string, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
  await client.query(`${verb} ROLE ${escapeIdentifier(role)} ${rights} PASSWORD ${escapeLiteral(password)}`);
}
