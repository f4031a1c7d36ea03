import { Injectable } from '@nestjs/common';
import type { ConstructorOptions, Db } from 'pg-boss';
import { DataSource, type EntityManager } from 'typeorm';
import { poolOf } from '../../database/prepared.js';

export interface QueueState {
  /** Not sent yet, those that wait for another try included. */
  waiting: number;
  active: number;
  dead: number;
  /** Age of the oldest that is waiting, but for those that only their recipients hold up. */
  oldestSeconds: number;
}

/** A job of a letter that nobody tries to send any more. */
export interface DeadJob {
  id: string;
  messageId: string;
}

/** What stands in a job whose recipient was put off the last time. */
export const DEFERRED = { deferred: true };

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
                FILTER (WHERE name = 'mail' AND state IN ('created', 'retry') AND (output @> $1) IS NOT TRUE)),
                0)::float8 AS "oldestSeconds"
       FROM pgboss.job WHERE name IN ('mail', 'mail-dead')`,
      [DEFERRED],
    );
    return row;
  }

  listDead(): Promise<DeadJob[]> {
    return this.dataSource.query(
      `SELECT id, data->>'messageId' AS "messageId" FROM pgboss.job WHERE name = 'mail-dead' AND state = 'created'`,
    );
  }

  /**
   * Removes the jobs of letters that were discarded or are not known any more.
   * @returns how many were not known any more
   */
  async forgetGivenUp(): Promise<number> {
    const [rows] = await this.dataSource.query<[{ wasUnknown: boolean }[], number]>(
      `DELETE FROM pgboss.job j USING pgboss.job asked
         LEFT JOIN mail_messages m ON m.id = (asked.data->>'messageId')::uuid
       WHERE asked.name IN ('mail', 'mail-dead') AND asked.state < 'active'
         AND (m.id IS NULL OR m.outcome = 'discarded') AND j.name = asked.name AND j.id = asked.id
         AND j.state < 'active'
       RETURNING m.id IS NULL AS "wasUnknown"`,
    );
    return rows.filter(({ wasUnknown }) => wasUnknown).length;
  }
}
