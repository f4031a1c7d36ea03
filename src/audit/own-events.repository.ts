import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditEventType } from './audit-event-types.js';

export interface OwnEventRow {
  id: number;
  at: Date;
  eventType: AuditEventType;
  actorId: number | null;
  subjectId: number | null;
  sessionId: string | null;
  requestId: string | null;
  /** Null also where it is no longer kept. */
  address: string | null;
  details: Record<string, string | number | boolean | null>;
}

const EVENTS_BY = (column: string) => `(
  SELECT id FROM audit_events WHERE ${column} = $1 AND id < $2 ORDER BY id DESC LIMIT $3
)`;

@Injectable()
export class OwnEventsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** What an account did and what happened to it, newest first. Each of the two reads has an index of its own. */
  listNewestFirst(userId: number, beforeId: number | undefined, limit: number): Promise<OwnEventRow[]> {
    return this.dataSource.query<OwnEventRow[]>(
      `SELECT e.id, e.at, e.event_type AS "eventType", e.actor_id AS "actorId", e.subject_id AS "subjectId",
              e.session_id AS "sessionId", e.request_id AS "requestId", host(a.address) AS address, e.details
       FROM (${EVENTS_BY('actor_id')} UNION ${EVENTS_BY('subject_id')}) AS own
       JOIN audit_events e ON e.id = own.id
       LEFT JOIN audit_addresses a ON a.event_id = e.id
       ORDER BY e.id DESC LIMIT $3`,
      [userId, beforeId ?? Number.MAX_SAFE_INTEGER, limit],
    );
  }
}
