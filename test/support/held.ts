import type pg from 'pg';

/** An open transaction that others run into. */
export class Held {
  private constructor(
    private readonly client: pg.PoolClient,
    private readonly pid: number,
    private readonly sql: pg.Pool,
  ) {}

  /** Does `statement` in a transaction of its own, which holds its locks until it is let go. */
  static async by(sql: pg.Pool, statement: string, values: unknown[]): Promise<Held> {
    const client = await sql.connect();
    await client.query('BEGIN');
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await client.query(statement, values);
    return new Held(client, rows[0]!.pid, sql);
  }

  /** The row of an account: whoever is to change it, or what hangs on it, waits. */
  static account(sql: pg.Pool, { id }: { id: number }): Promise<Held> {
    return Held.by(sql, 'SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [id]);
  }

  /** Waits until so many others stand in line behind this transaction, directly or behind one another. */
  async untilBlocked(count: number): Promise<void> {
    for (let blocked = 0; blocked < count;) {
      const { rows } = await this.sql.query<{ blocked: number }>(
        `WITH RECURSIVE line AS (
           SELECT $1::int AS pid
           UNION
           SELECT w.pid FROM line JOIN pg_locks w ON NOT w.granted AND line.pid = ANY (pg_blocking_pids(w.pid))
         ) SELECT count(*)::int - 1 AS blocked FROM line`,
        [this.pid],
      );
      blocked = rows[0]!.blocked;
    }
  }

  commit(): Promise<void> {
    return this.end('COMMIT');
  }

  rollBack(): Promise<void> {
    return this.end('ROLLBACK');
  }

  private async end(statement: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    await this.client.query(statement);
    this.client.release();
  }
}
