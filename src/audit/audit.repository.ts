import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared, type Statement } from '../database/prepared.js';
import type { AuditEventType } from './audit-event-types.js';

export interface NewAuditEvent {
  eventType: AuditEventType;
  actorId: number | null;
  subjectId: number | null;
  sessionId: string | null;
  requestId: string | null;
  address: string | null;
  addressHash: Buffer | null;
  details: Record<string, string | number | boolean | null>;
}

const ADD: Statement = {
  name: 'audit.add',
  text: `WITH event AS (
           INSERT INTO audit_events (event_type, actor_id, subject_id, session_id, request_id, address_hash, details)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
         )
         INSERT INTO audit_addresses (event_id, address) SELECT id, $8::inet FROM event WHERE $8::inet IS NOT NULL`,
};

@Injectable()
export class AuditRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @param manager of the transaction that does what is recorded; without one, the entry stands for itself */
  async add(event: NewAuditEvent, manager?: EntityManager): Promise<void> {
    await runPrepared(manager ?? this.dataSource, ADD, [
      event.eventType,
      event.actorId,
      event.subjectId,
      event.sessionId,
      event.requestId,
      event.addressHash,
      event.details,
      event.address,
    ]);
  }
}
