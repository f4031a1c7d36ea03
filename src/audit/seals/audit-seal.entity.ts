import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A batch of entries that can no longer change without it showing. */
@Entity('audit_seals')
export class AuditSeal {
  /** 1, 2, 3, … without a gap. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_seals_pkey' })
  number!: number;

  @Column('integer', { name: 'entry_count' })
  entryCount!: number;

  /** The lowest id of the batch. Batches may overlap in ids, never in entries. */
  @Column('bigint', { name: 'first_id' })
  firstId!: number;

  @Column('bigint', { name: 'last_id' })
  lastId!: number;

  /** 32 zero bytes for the first. */
  @Column('bytea', { name: 'previous_head' })
  previousHead!: Buffer;

  @Column('bytea')
  head!: Buffer;

  /** Of the entry of LOG_SIGNING_KEY that signed. */
  @Column('text', { name: 'key_id' })
  keyId!: string;

  @Column('bytea')
  signature!: Buffer;

  @Column('timestamptz', { name: 'sealed_at' })
  sealedAt!: Date;
}
