import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { AuditEventType } from './audit-event-types.js';

/** Something that happened, written once and never changed. */
@Entity('audit_events')
@Index('audit_events_event_type_idx', ['eventType', 'id'])
@Index('audit_events_actor_id_idx', ['actorId', 'id'])
@Index('audit_events_subject_id_idx', ['subjectId', 'id'])
export class AuditEvent {
  /**
   * The transaction that wrote it: tells when no entry that belongs before it can come any more. Assigned before the
   * id is drawn. The default as TypeORM reads it back, without its casts; the migration has them.
   */
  @Column('bigint', { default: () => '((pg_current_xact_id()))' })
  xid!: number;

  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'audit_events_pkey',
  })
  id!: number;

  @Index('audit_events_at_idx')
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  at!: Date;

  @Column('text', { name: 'event_type' })
  eventType!: AuditEventType;

  /** Who did it. Null: nobody who is known, or the service itself. No foreign key: an account's deletion stays told. */
  @Column('bigint', { name: 'actor_id', nullable: true })
  actorId!: number | null;

  /** The account it happened to. */
  @Column('bigint', { name: 'subject_id', nullable: true })
  subjectId!: number | null;

  @Column('uuid', { name: 'session_id', nullable: true })
  sessionId!: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;

  /** The keyed hash of where it came from; the address itself lies in audit_addresses for a while. */
  @Column('bytea', { name: 'address_hash', nullable: true })
  addressHash!: Buffer | null;

  @Column('jsonb', { default: {} })
  details!: Record<string, string | number | boolean | null>;
}
