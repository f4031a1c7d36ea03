import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditEventType } from '../audit-event-types.js';
import { ENTRY_COLUMNS, toSealedEntry, type EntryRow } from '../seals/entry-row.js';
import type { SealedEntry } from '../seals/seal-format.js';

/** What is left out does not matter. */
export interface AuditFilter {
  actorId?: number;
  subjectId?: number;
  eventType?: AuditEventType;
  /** Inclusive. */
  from?: Date;
  /** Exclusive. */
  before?: Date;
}

export interface LoggedEntry extends SealedEntry {
  /** While it is kept. */
  readonly address: string | null;
  /** The number of the seal that covers it; null while it waits for one. */
  readonly seal: number | null;
}

@Injectable()
export class AuditLogRepository {
  constructor(private readonly dataSource: DataSource) {}

  async listNewestFirst(
    filter: AuditFilter,
    beforeId: number | undefined,
    limit: number,
  ): Promise<LoggedEntry[]> {
    const values: unknown[] = [];
    const conditions = ['true'];
    const require = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    require((place) => `e.id < ${place}`, beforeId);
    require((place) => `e.actor_id = ${place}`, filter.actorId);
    require((place) => `e.subject_id = ${place}`, filter.subjectId);
    require((place) => `e.event_type = ${place}`, filter.eventType);
    require((place) => `e.at >= ${place}`, filter.from);
    require((place) => `e.at < ${place}`, filter.before);
    values.push(limit);
    const rows = await this.dataSource.query<(EntryRow & { address: string | null; seal: number | null })[]>(
      `SELECT ${ENTRY_COLUMNS}, host(a.address) AS address, m.seal
       FROM audit_events e LEFT JOIN audit_addresses a ON a.event_id = e.id
                           LEFT JOIN audit_seal_entries m ON m.event_id = e.id
       WHERE ${conditions.join(' AND ')} ORDER BY e.id DESC LIMIT $${values.length}`,
      values,
    );
    return rows.map(({ address, seal, ...row }) => ({ ...toSealedEntry(row), address, seal }));
  }
}
