import type { Client } from 'pg';
import { BackupFailedError } from '../backup-failed-error.js';
import { withConnection } from './connect.js';

/** Databases that every server has. */
const COMMON_DATABASES = ['postgres', 'template1'];

/** The server does not have it, or does not let this role in. */
const UNUSABLE_CODES = new Set(['3D000', '28000', '42501', '55000']);

/**
 * Does something on a connection to another database of the same server: one's own can be neither renamed nor dropped.
 * @throws BackupFailedError when the role may connect to none
 */
export async function withAdminConnection<T>(
  url: string,
  own: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  for (const database of COMMON_DATABASES.filter((name) => name !== own)) {
    if (await isUsable(url, database)) return withConnection(url, work, database);
  }
  throw new BackupFailedError(
    `The database's owner role may connect neither to ${COMMON_DATABASES.join(' nor to ')}: GRANT CONNECT ON DATABASE postgres to it.`,
  );
}

async function isUsable(url: string, database: string): Promise<boolean> {
  try {
    return await withConnection(url, () => Promise.resolve(true), database);
  } catch (error) {
    if (UNUSABLE_CODES.has((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
}
