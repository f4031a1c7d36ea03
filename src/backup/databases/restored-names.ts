import { createHash, randomBytes } from 'node:crypto';
import { escapeLiteral, type Client } from 'pg';
import { withConnection } from './connect.js';
import { currentDatabase, dropDatabase } from './sibling-database.js';

/** PostgreSQL cuts longer names off. */
const LONGEST_NAME_BYTES = 63;
const LONGEST_ENDING = '_before_20000101T000000Z'.length;
const HASH_DIGITS = 8;

export interface SiblingDatabase {
  name: string;
  bytes: number;
}

/** The name for a database that is being restored, until it takes the place of the present one. */
export function newRestoredName(database: string): string {
  return `${stemOf(database)}_restored_${randomBytes(6).toString('hex')}`;
}

/** The name under which the present database is kept once another has taken its place at this moment. */
export function setAsideName(database: string, at: Date): string {
  return `${stemOf(database)}_before_${at.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}`;
}

/** Databases that restores have replaced, oldest first; none but those of the connection's own role. */
export async function listSetAside(client: Client): Promise<SiblingDatabase[]> {
  const prefix = `${stemOf(await currentDatabase(client))}_before_`;
  return listOwned(client, prefix, '[0-9]{8}T[0-9]{6}Z');
}

/** Drops what restores that were killed had begun. To be called under the lock. */
export async function dropLeftRestored(url: string): Promise<void> {
  await withConnection(url, async (client) => {
    const prefix = `${stemOf(await currentDatabase(client))}_restored_`;
    for (const { name } of await listOwned(client, prefix, '[0-9a-f]{12}')) await dropDatabase(client, name);
  });
}

async function listOwned(client: Client, prefix: string, ending: string): Promise<SiblingDatabase[]> {
  const { rows } = await client.query<SiblingDatabase>(
    `SELECT datname AS name, pg_database_size(oid) AS bytes FROM pg_database
     WHERE starts_with(datname, $1) AND substr(datname, length($1) + 1) ~ ${escapeLiteral(`^${ending}$`)}
       AND pg_has_role(datdba, 'USAGE') ORDER BY datname`,
    [prefix],
  );
  return rows;
}

/** The database's name, so short that an ending fits behind it. */
function stemOf(database: string): string {
  const room = LONGEST_NAME_BYTES - LONGEST_ENDING;
  if (Buffer.byteLength(database) <= room) return database;
  const hash = createHash('sha256').update(database).digest('hex').slice(0, HASH_DIGITS);
  const beginning = Buffer.from(database).subarray(0, room - HASH_DIGITS - 1);
  return `${beginning.toString().replace(/(?<!\uFFFD)\uFFFD+$/, '')}_${hash}`;
}
