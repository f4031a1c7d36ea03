import type { DataSource, EntityManager } from 'typeorm';
import type { Pool, PoolClient, QueryResultRow } from 'pg';

/** A named prepared statement: parsed and planned once a connection. */
export interface Statement {
  name: string;
  text: string;
}

/**
 * Runs a prepared statement on the pool, or inside the manager's transaction.
 * TypeORM has no way to name a statement, and the hot paths are several times faster with one.
 */
export async function runPrepared<Row extends QueryResultRow>(
  on: DataSource | EntityManager,
  statement: Statement,
  values: unknown[],
): Promise<Row[]> {
  const client = 'queryRunner' in on && on.queryRunner ? await transactionClient(on.queryRunner) : poolOf(on);
  const { rows } = await client.query<Row>({ ...statement, values });
  return rows;
}

/** The connections behind TypeORM. */
export function poolOf(on: DataSource | EntityManager): Pool {
  const dataSource = 'dataSource' in on ? on.dataSource : on;
  return (dataSource.driver as unknown as { master: Pool }).master;
}

async function transactionClient(runner: { connect(): Promise<unknown> }): Promise<PoolClient> {
  return (await runner.connect()) as PoolClient;
}
