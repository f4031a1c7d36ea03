import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** Any constant will do, as long as every process takes the same one. */
const SWEEP_LOCK = 4_101_000_010;

/** Past its end a session is kept a little, so that what still holds it when it ends is done with it. */
const KEPT_FOR = `interval '1 hour'`;

/** What a step did: how many rows, or nothing because another process sweeps. */
export type Swept = number | undefined;

/** Takes away what no session needs any more, a bounded batch at a time, in one process at a time. */
@Injectable()
export class SessionSweepRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Used tokens whose own time is over. Until then they stay, so that a stolen one that comes again is noticed; later
   * it opens nothing anyway.
   */
  deleteUsedTokens(idleSeconds: number, limit: number): Promise<Swept> {
    return this.alone(
      `DELETE FROM refresh_tokens WHERE token_hash IN (
         SELECT token_hash FROM refresh_tokens WHERE used_at < now() - make_interval(secs => $2)
         ORDER BY used_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
      [limit, idleSeconds],
    );
  }

  /** Sessions past their end, revoked or not, with their tokens. */
  deleteExpired(limit: number): Promise<Swept> {
    return this.alone(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE expires_at < now() - ${KEPT_FOR}
         ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
      [limit],
    );
  }

  /** Where a session came from, once it was last seen so long ago. */
  forgetAddresses(days: number, limit: number): Promise<Swept> {
    return this.alone(
      `UPDATE sessions SET ip = NULL WHERE id IN (
         SELECT id FROM sessions WHERE ip IS NOT NULL AND last_seen_at < now() - make_interval(days => $2)
         LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)`,
      [limit, days],
    );
  }

  private alone(statement: string, values: unknown[]): Promise<Swept> {
    return this.dataSource.transaction(async (manager) => {
      if (!(await takeLock(manager))) return undefined;
      const [, count] = await manager.query<[unknown, number]>(statement, values);
      return count;
    });
  }
}

async function takeLock(manager: EntityManager): Promise<boolean> {
  const [row] = await manager.query<{ taken: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS taken', [
    SWEEP_LOCK,
  ]);
  return row?.taken ?? false;
}
