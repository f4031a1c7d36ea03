import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { AuditEvent } from './audit-event.entity.js';

/** Where an event came from, as it is, for as long as addresses are kept. */
@Entity('audit_addresses')
export class AuditAddress {
  @PrimaryColumn('bigint', { name: 'event_id', primaryKeyConstraintName: 'audit_addresses_pkey' })
  eventId!: number;

  @OneToOne(() => AuditEvent, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'event_id', foreignKeyConstraintName: 'audit_addresses_event_id_fkey' })
  event!: Relation<AuditEvent>;

  @Column('inet')
  address!: string;
}
