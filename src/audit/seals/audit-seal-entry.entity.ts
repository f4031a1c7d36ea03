import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  OneToOne,
  PrimaryColumn,
  type Relation,
} from 'typeorm';
import { AuditEvent } from '../audit-event.entity.js';
import { AuditSeal } from './audit-seal.entity.js';

/** That an entry belongs to a seal, and what it said then. */
@Entity('audit_seal_entries')
@Index('audit_seal_entries_seal_idx', ['seal', 'eventId'])
export class AuditSealEntry {
  @PrimaryColumn('bigint', { name: 'event_id', primaryKeyConstraintName: 'audit_seal_entries_pkey' })
  eventId!: number;

  @OneToOne(() => AuditEvent)
  @JoinColumn({ name: 'event_id', foreignKeyConstraintName: 'audit_seal_entries_event_id_fkey' })
  event!: Relation<AuditEvent>;

  @Column('bigint')
  seal!: number;

  @ManyToOne(() => AuditSeal)
  @JoinColumn({ name: 'seal', foreignKeyConstraintName: 'audit_seal_entries_seal_fkey' })
  sealRow!: Relation<AuditSeal>;

  @Column('bytea', { name: 'entry_hash' })
  entryHash!: Buffer;
}
