import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../migrations/migrations.js';
import { postgresConnection } from './postgres-connection.js';
import { installTypeParsers } from './type-parsers.js';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * How TypeORM reaches PostgreSQL, over TCP or a Unix socket. What the URL says of a name and of limits counts.
 * @param database another one than the URL's, at the same server
 * @param statementTimeoutMs 0 for statements that may take as long as they need
 */
export function dataSourceOptions(
  url: string,
  poolSize: number,
  {
    database,
    statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  }: { database?: string; statementTimeoutMs?: number } = {},
): Extract<DataSourceOptions, { type: 'postgres' }> {
  installTypeParsers();
  return {
    type: 'postgres',
    synchronize: false,
    migrationsRun: false,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    logging: false,
    installExtensions: false,
    extra: {
      application_name: 'mc101',
      // As text: `pg` drops the number 0, and a limit of the database or the role would hold.
      statement_timeout: String(statementTimeoutMs),
      ...postgresConnection(url, database),
      max: poolSize,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    },
  };
}
