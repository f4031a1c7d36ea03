import { ApiProperty } from '@nestjs/swagger';
import { AUDIT_EVENT_TYPES, type AuditEventType } from '../../audit/audit-event-types.js';
import { ACTORS, type OwnEvent } from '../../audit/own-events.service.js';

/** An entry of the audit log that is about my account, or tells what I did. */
export class OwnEventResponse {
  /** @example 4711 */
  id!: number;
  /** @example "2026-01-05T09:30:00.000Z" */
  at!: Date;
  @ApiProperty({ enum: AUDIT_EVENT_TYPES, enumName: 'AuditEventType', example: 'authn_login_success' })
  event_type!: AuditEventType;
  /** `other`: an admin. `unknown`: nobody who was logged in, as at a login that failed, or the service itself. */
  @ApiProperty({ enum: ACTORS, example: 'me' })
  by!: (typeof ACTORS)[number];
  /** The account that it happened to, where that is another one than mine. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  subject_id!: number | null;
  /** The session in which I did it. */
  @ApiProperty({ type: String, nullable: true, example: '0b8e2c3e-6f0a-4c1b-9a3e-2d1f5b7a9c10' })
  session_id!: string | null;
  /** The request with which I did it. */
  @ApiProperty({ type: String, nullable: true, example: '3f0c6b1e-5d0e-4b52-9a53-0f3e7c7d9b10' })
  request_id!: string | null;
  /** From where I did it, for as long as addresses are kept. */
  @ApiProperty({ type: String, nullable: true, example: '203.0.113.7' })
  address!: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  details!: OwnEvent['details'];
}

/** A page of events. */
export class OwnEventPage {
  items!: OwnEventResponse[];
  @ApiProperty({ type: String, nullable: true, example: 'Wzdd' })
  next_cursor!: string | null;
}

export function toOwnEventResponse(event: OwnEvent): OwnEventResponse {
  return {
    id: event.id,
    at: event.at,
    event_type: event.eventType,
    by: event.by,
    subject_id: event.subjectId,
    session_id: event.sessionId,
    request_id: event.requestId,
    address: event.address,
    details: event.details,
  };
}
