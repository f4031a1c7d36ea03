import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ENTRY_COLUMNS, toSealedEntry, type EntryRow } from './entry-row.js';
import { hashEntry, type Membership, type Seal } from './seal-format.js';

/** Any constant will do, as long as every process of the service takes the same one. */
const SEAL_LOCK = 4_101_000_010;

/** The columns of a seal as its format has them. */
export const SEAL_COLUMNS = `number, entry_count AS "entryCount", first_id AS "firstId", last_id AS "lastId",
  previous_head AS "previousHead", head, key_id AS "keyId", signature,
  to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "sealedAt"`;

const IS_UNSEALED = 'NOT EXISTS (SELECT FROM audit_seal_entries m WHERE m.event_id = e.id)';

/**
 * No transaction that is still going on can come before it. What is visible and yet not before the snapshot's end was
 * written in another cluster, whose transactions have all ended.
 */
const IS_FINAL = `(e.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  OR e.xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)`;

/** Up to `through` there was no entry unsealed by whoever has transaction ids before `before`. */
export interface FloorCandidate {
  readonly through: number;
  readonly before: number;
}

export interface Backlog {
  readonly head: { readonly number: number; readonly head: Buffer } | undefined;
  readonly unsealed: number;
  readonly oldestSeconds: number;
}

@Injectable()
export class SealsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Seals one batch: entries that are final and in no batch yet, lowest ids first.
   * @param floor no entry up to this id is unsealed
   * @param seal makes the seal of a batch
   * @returns undefined when another process is sealing; no seal when there is nothing to seal
   */
  async sealNext(
    { floor, limit }: { floor: number; limit: number },
    seal: (previous: Seal | undefined, members: Membership[], sealedAt: string) => Seal,
  ): Promise<{ seal?: Seal; candidate?: FloorCandidate } | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const [lock] = await manager.query<{ taken: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock($1) AS taken',
        [SEAL_LOCK],
      );
      if (!lock?.taken) return undefined;
      const rows = await manager.query<EntryRow[]>(
        `SELECT ${ENTRY_COLUMNS} FROM audit_events e WHERE e.id > $1 AND ${IS_UNSEALED} AND ${IS_FINAL}
         ORDER BY e.id LIMIT $2`,
        [floor, limit],
      );
      if (rows.length === 0) return {};
      const [previous] = await manager.query<Seal[]>(
        `SELECT ${SEAL_COLUMNS} FROM audit_seals ORDER BY number DESC LIMIT 1`,
      );
      const [now] = await manager.query<{ at: string; highest: number }[]>(
        `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
                (SELECT last_value FROM audit_events_id_seq) AS highest`,
      );
      const members = rows.map((row) => ({ id: row.id, hash: hashEntry(toSealedEntry(row)) }));
      const made = seal(previous, members, now?.at ?? '');
      await this.insert(manager, made, members);
      // Asked for after the id that was drawn last: whoever has drawn that or an earlier one has a lower xid.
      const [own] = await manager.query<{ xid: string }[]>('SELECT pg_current_xact_id()::text AS xid');
      return { seal: made, candidate: { through: now?.highest ?? 0, before: Number(own?.xid) } };
    });
  }

  /**
   * The id up to which no entry is unsealed, and none will be: everybody who could still write one has ended.
   * @returns undefined while somebody goes on
   */
  async risenFloor(floor: number, { through, before }: FloorCandidate): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ floor: number }[]>(
      `SELECT least($2::bigint, (SELECT min(e.id) - 1 FROM audit_events e WHERE e.id > $1 AND e.id <= $2 AND ${IS_UNSEALED})) AS floor
       WHERE pg_snapshot_xmin(pg_current_snapshot())::text::bigint > $3`,
      [floor, through, before],
    );
    return row?.floor;
  }

  async backlog(floor: number): Promise<Backlog> {
    const [head] = await this.dataSource.query<{ number: number; head: Buffer }[]>(
      'SELECT number, head FROM audit_seals ORDER BY number DESC LIMIT 1',
    );
    const [open] = await this.dataSource.query<{ count: number; seconds: number | null }[]>(
      `SELECT count(*) AS count, extract(epoch FROM clock_timestamp() - min(e.at))::float8 AS seconds
       FROM audit_events e WHERE e.id > $1 AND ${IS_UNSEALED}`,
      [floor],
    );
    return { head, unsealed: open?.count ?? 0, oldestSeconds: Math.max(0, open?.seconds ?? 0) };
  }

  private async insert(manager: EntityManager, seal: Seal, members: readonly Membership[]): Promise<void> {
    await manager.query(
      `INSERT INTO audit_seals (number, entry_count, first_id, last_id, previous_head, head, key_id, signature, sealed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz)`,
      [
        seal.number,
        seal.entryCount,
        seal.firstId,
        seal.lastId,
        seal.previousHead,
        seal.head,
        seal.keyId,
        seal.signature,
        seal.sealedAt,
      ],
    );
    await manager.query(
      `INSERT INTO audit_seal_entries (event_id, seal, entry_hash)
       SELECT id, $1, hash FROM unnest($2::bigint[], $3::bytea[]) AS member (id, hash)`,
      [seal.number, members.map(({ id }) => id), members.map(({ hash }) => hash)],
    );
  }
}
