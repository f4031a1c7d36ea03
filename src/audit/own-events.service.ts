import { Injectable } from '@nestjs/common';
import type { AuditEventType } from './audit-event-types.js';
import { OwnEventsRepository, type OwnEventRow } from './own-events.repository.js';

export const ACTORS = ['me', 'other', 'unknown'] as const;

/** An event as the account that it concerns may see it. */
export interface OwnEvent {
  id: number;
  at: Date;
  eventType: AuditEventType;
  /** `unknown`: nobody was logged in, as at a login that failed, or the service itself did it. */
  by: (typeof ACTORS)[number];
  /** The account that it happened to, where that is another one. */
  subjectId: number | null;
  /** These three only of what I did: where an admin sits is the admin's. */
  sessionId: string | null;
  requestId: string | null;
  address: string | null;
  details: OwnEventRow['details'];
}

/** The log as far as it is about one account. */
@Injectable()
export class OwnEventsService {
  constructor(private readonly repository: OwnEventsRepository) {}

  /** Newest first. */
  async list(userId: number, beforeId: number | undefined, limit: number): Promise<OwnEvent[]> {
    const rows = await this.repository.listNewestFirst(userId, beforeId, limit);
    return rows.map((row) => toOwnEvent(row, userId));
  }
}

function toOwnEvent(row: OwnEventRow, userId: number): OwnEvent {
  const isMine = row.actorId === userId;
  return {
    id: row.id,
    at: row.at,
    eventType: row.eventType,
    by: isMine ? 'me' : row.actorId === null ? 'unknown' : 'other',
    subjectId: row.subjectId === userId ? null : row.subjectId,
    sessionId: isMine ? row.sessionId : null,
    requestId: isMine ? row.requestId : null,
    address: isMine ? row.address : null,
    details: row.details,
  };
}
