import { Injectable } from '@nestjs/common';
import type { Client } from 'pg';
import { AppConfig } from '../../config/app-config.js';
import { withOwner } from '../../database/owner-connection.js';

/** Any constant will do, as long as every process of the service takes the same one. */
const PRUNE_LOCK = 4_101_000_011;
const BATCHES_AT_ONCE = 200;

/** What goes from the log. As the schema's owner: the app's role could not, and nobody who has only that. */
@Injectable()
export class AuditRetentionRepository {
  constructor(private readonly config: AppConfig) {}

  /** Deletes addresses of entries older than this; their keyed hash stays. @returns how many */
  forgetAddresses(days: number): Promise<number> {
    return withOwner(this.config.database.owner, async (owner) => {
      const { rowCount } = await owner.query(
        `DELETE FROM audit_addresses a USING audit_events e
         WHERE e.id = a.event_id AND e.at < now() - make_interval(days => $1)`,
        [days],
      );
      return rowCount ?? 0;
    });
  }

  /**
   * Deletes whole batches that were sealed longer ago than this, oldest first, and records it. The last of their seals
   * stays as the anchor of the chain.
   * @returns how many batches; 0 also when another process is at it
   */
  prune(days: number): Promise<number> {
    return withOwner(this.config.database.owner, async (owner) => {
      let pruned = 0;
      for (let slice = -1; slice !== 0; pruned += Math.max(0, slice)) slice = await pruneSlice(owner, days);
      return pruned;
    });
  }
}

async function pruneSlice(owner: Client, days: number): Promise<number> {
  await owner.query('BEGIN');
  try {
    const batches = await pruneUnderLock(owner, days);
    await owner.query('COMMIT');
    return batches;
  } catch (error) {
    await owner.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function pruneUnderLock(owner: Client, days: number): Promise<number> {
  const { rows: locks } = await owner.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_xact_lock($1) AS taken',
    [PRUNE_LOCK],
  );
  if (!locks[0]?.taken) return 0;
  const { rows } = await owner.query<{ number: string; head: string; isOld: boolean; isEmpty: boolean }>(
    `SELECT number::text AS number, encode(head, 'hex') AS head,
            sealed_at < now() - make_interval(days => $1) AS "isOld",
            NOT EXISTS (SELECT FROM audit_seal_entries WHERE seal = number) AS "isEmpty"
     FROM audit_seals ORDER BY audit_seals.number LIMIT $2`,
    [days, BATCHES_AT_ONCE],
  );
  const young = rows.findIndex(({ isOld }) => !isOld);
  const old = young === -1 ? rows : rows.slice(0, young);
  const anchor = old.at(-1);
  const batches = old.filter(({ isEmpty }) => !isEmpty).length;
  if (!anchor || batches === 0) return 0;
  const { rowCount } = await owner.query(
    `WITH gone AS (DELETE FROM audit_seal_entries WHERE seal <= $1 RETURNING event_id)
     DELETE FROM audit_events WHERE id IN (SELECT event_id FROM gone)`,
    [anchor.number],
  );
  await owner.query('DELETE FROM audit_seals WHERE number < $1', [anchor.number]);
  await owner.query(`INSERT INTO audit_events (event_type, details) VALUES ('audit_pruned', $1)`, [
    {
      origin: 'service',
      through: Number(anchor.number),
      head: anchor.head,
      entries: rowCount,
      retention_days: days,
    },
  ]);
  return batches;
}
