import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../migrations/migrations.js';
import { installTypeParsers } from './type-parsers.js';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * How TypeORM reaches PostgreSQL. The URL goes to `pg` as it is, which also understands Unix sockets.
 * @param statementTimeoutMs 0 for statements that may take as long as they need
 */
export function dataSourceOptions(
  url: string,
  poolSize: number,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
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
      connectionString: url,
      max: poolSize,
      application_name: 'mc101',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // As text: `pg` drops the number 0, and a limit of the database or the role would hold.
      statement_timeout: String(statementTimeoutMs),
    },
  };
}
