import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ENTRY_COLUMNS, toSealedEntry, type EntryRow } from '../seals/entry-row.js';
import type { Seal, SealedEntry } from '../seals/seal-format.js';
import { SEAL_COLUMNS } from '../seals/seals.repository.js';

/** What the database has of one member of a batch. */
export interface StoredMember {
  readonly seal: number;
  readonly id: number;
  /** As it was when it was sealed. */
  readonly hash: Buffer;
  /** As it is now; undefined when it is gone. */
  readonly entry: SealedEntry | undefined;
  /** While it is kept; with a mask where it has one. */
  readonly address: string | null;
}

interface MemberRow extends EntryRow {
  seal: number;
  memberId: number;
  hash: Buffer;
  address: string | null;
  isThere: boolean;
}

/** Where a reading of members goes on: after this one. */
export interface MemberPosition {
  readonly seal: number;
  readonly id: number;
}

/** The chain as it is stored, in slices. */
@Injectable()
export class ChainRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Reads the chain as it was at one moment, while it grows. */
  atOneMoment<T>(read: (moment: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('REPEATABLE READ', async (moment) => {
      await moment.query('SET TRANSACTION READ ONLY');
      return read(moment);
    });
  }

  /** In ascending order, from `after` on. */
  seals(after: number, limit: number, on: EntityManager = this.dataSource.manager): Promise<Seal[]> {
    return on.query<Seal[]>(
      `SELECT ${SEAL_COLUMNS} FROM audit_seals WHERE number > $1 ORDER BY number LIMIT $2`,
      [after, limit],
    );
  }

  /** Of the seals from `after` to `through`, by seal and id. */
  async members(
    after: MemberPosition,
    through: number,
    limit: number,
    on: EntityManager = this.dataSource.manager,
  ): Promise<StoredMember[]> {
    const rows = await on.query<MemberRow[]>(
      `SELECT m.seal, m.event_id AS "memberId", m.entry_hash AS hash, e.id IS NOT NULL AS "isThere",
              abbrev(a.address) AS address, ${ENTRY_COLUMNS}
       FROM audit_seal_entries m LEFT JOIN audit_events e ON e.id = m.event_id
                                 LEFT JOIN audit_addresses a ON a.event_id = m.event_id
       WHERE (m.seal, m.event_id) > ($1, $2) AND m.seal <= $3 ORDER BY m.seal, m.event_id LIMIT $4`,
      [after.seal, after.id, through, limit],
    );
    return rows.map(({ seal, memberId, hash, isThere, address, ...row }) => ({
      seal,
      id: memberId,
      hash,
      entry: isThere ? toSealedEntry(row) : undefined,
      address,
    }));
  }

  /** Entries in no batch, from `after` on, in ascending order. */
  async unsealed(after: number, limit: number): Promise<SealedEntry[]> {
    const rows = await this.dataSource.query<EntryRow[]>(
      `SELECT ${ENTRY_COLUMNS} FROM audit_events e
       WHERE e.id > $1 AND NOT EXISTS (SELECT FROM audit_seal_entries m WHERE m.event_id = e.id)
       ORDER BY e.id LIMIT $2`,
      [after, limit],
    );
    return rows.map(toSealedEntry);
  }

  async countUnsealed(on: EntityManager): Promise<number> {
    const [row] = await on.query<{ count: number }[]>(
      `SELECT count(*) AS count FROM audit_events e
       WHERE NOT EXISTS (SELECT FROM audit_seal_entries m WHERE m.event_id = e.id)`,
    );
    return row?.count ?? 0;
  }

  /** Whether the log tells that batches up to this seal were deleted because they were old. */
  async isPruningTold(
    { number, head, sealedAt }: Pick<Seal, 'number' | 'head' | 'sealedAt'>,
    atLeastDays: number,
    on: EntityManager,
  ): Promise<boolean> {
    const [row] = await on.query<{ told: boolean }[]>(
      `SELECT EXISTS (SELECT FROM audit_events WHERE event_type = 'audit_pruned'
                        AND details ->> 'through' = $1 AND details ->> 'head' = $2
                        AND at >= $3::timestamptz + make_interval(days => $4)) AS told`,
      [String(number), head.toString('hex'), sealedAt, atLeastDays],
    );
    return row?.told ?? false;
  }

  /** The batches that entries of this time lie in; undefined when there are none. */
  async sealsOf(
    from: Date | undefined,
    before: Date | undefined,
  ): Promise<{ first: number; last: number } | undefined> {
    const [row] = await this.dataSource.query<{ first: number | null; last: number | null }[]>(
      `SELECT min(m.seal) AS first, max(m.seal) AS last
       FROM audit_events e JOIN audit_seal_entries m ON m.event_id = e.id
       WHERE ($1::timestamptz IS NULL OR e.at >= $1) AND ($2::timestamptz IS NULL OR e.at < $2)`,
      [from ?? null, before ?? null],
    );
    return row?.first == null || row.last === null ? undefined : { first: row.first, last: row.last };
  }
}
