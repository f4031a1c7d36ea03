import { ApiProperty } from '@nestjs/swagger';
import { AUDIT_EVENT_TYPES } from '../audit-event-types.js';
import type { LoggedEntry } from './audit-log.repository.js';

/** Something that happened. */
export class AuditEntryResponse {
  /** @example 4711 */
  id!: number;
  /** To the microsecond, in UTC. */
  @ApiProperty({ type: String, example: '2026-01-05T09:00:00.123456Z' })
  at!: string;
  @ApiProperty({ enum: AUDIT_EVENT_TYPES, enumName: 'AuditEventType', example: 'authn_login_success' })
  event_type!: string;
  @ApiProperty({
    type: Number,
    nullable: true,
    example: 42,
    description: 'The account that did it; null: nobody who is known, an operator, or the service itself.',
  })
  actor_id!: number | null;
  @ApiProperty({ type: Number, nullable: true, example: 42, description: 'The account that it happened to.' })
  subject_id!: number | null;
  @ApiProperty({ type: String, nullable: true, example: '018f3c1e-7d3a-4b0e-9d52-0c5e6f7a8b90' })
  session_id!: string | null;
  @ApiProperty({ type: String, nullable: true, example: '018f3c1e-7d3a-4b0e-9d52-0c5e6f7a8b91' })
  request_id!: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    example: '203.0.113.7',
    description: 'Where it came from, for 30 days.',
  })
  address!: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    description: 'A keyed hash of the address, alike for the same one, for as long as the entry is kept.',
  })
  address_hash!: string | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { reason: 'logout' },
    description: 'What else is to be known, by the kind of event.',
  })
  details!: unknown;
  @ApiProperty({
    type: Number,
    nullable: true,
    example: 17,
    description: 'The number of the seal that covers it; null while it waits for one.',
  })
  seal!: number | null;
}

export class AuditPage {
  items!: AuditEntryResponse[];
  @ApiProperty({ type: String, nullable: true, example: 'WzE3XQ' })
  next_cursor!: string | null;
}

export function toAuditEntryResponse(entry: LoggedEntry): AuditEntryResponse {
  return {
    id: entry.id,
    at: entry.at,
    event_type: entry.event_type,
    actor_id: idOf(entry.actor_id),
    subject_id: idOf(entry.subject_id),
    session_id: entry.session_id,
    request_id: entry.request_id,
    address: entry.address,
    address_hash: entry.address_hash,
    details: entry.details,
    seal: entry.seal,
  };
}

/** No account of ours has a number that JSON cannot carry. */
function idOf(id: number | string | null): number | null {
  return typeof id === 'string' ? null : id;
}
