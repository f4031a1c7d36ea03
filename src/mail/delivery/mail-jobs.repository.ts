import { Injectable } from '@nestjs/common';
import type { ConstructorOptions, Db } from 'pg-boss';
import { DataSource, type EntityManager } from 'typeorm';
import { poolOf } from '../../database/prepared.js';

export interface QueueState {
  /** Not sent yet, those that wait for another try included. */
  waiting: number;
  active: number;
  dead: number;
  /** Age of the oldest that is waiting. */
  oldestSeconds: number;
}

/** How pg-boss reaches its tables: over the app's own connections and role. */
@Injectable()
export class MailJobsRepository {
  constructor(private readonly dataSource: DataSource) {}

  get connection(): Pick<ConstructorOptions, 'db' | 'schema' | 'migrate' | 'createSchema'> {
    return {
      db: { executeSql: (text, values) => poolOf(this.dataSource).query(text, values) },
      schema: 'pgboss',
      // Ours do it, as the owner.
      migrate: false,
      createSchema: false,
    };
  }

  inTransaction(manager: EntityManager): Db {
    return {
      executeSql: async (text, values) => {
        const result = (await manager.queryRunner?.query(text, values, true)) as { records: unknown[] };
        return { rows: result.records };
      },
    };
  }

  async look(): Promise<QueueState> {
    const [row] = await this.dataSource.query<[QueueState]>(
      `SELECT count(*) FILTER (WHERE name = 'mail' AND state IN ('created', 'retry'))::int AS waiting,
              count(*) FILTER (WHERE name = 'mail' AND state = 'active')::int AS active,
              count(*) FILTER (WHERE name = 'mail-dead' AND state = 'created')::int AS dead,
              coalesce(extract(epoch FROM now() - min(created_on)
                FILTER (WHERE name = 'mail' AND state IN ('created', 'retry'))), 0)::float8 AS "oldestSeconds"
       FROM pgboss.job WHERE name IN ('mail', 'mail-dead')`,
    );
    return row;
  }

  async listDead(): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `SELECT data->>'messageId' AS id FROM pgboss.job WHERE name = 'mail-dead' AND state = 'created'`,
    );
    return rows.map(({ id }) => id);
  }
}
