import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** The keyed hash of a backup code; the code itself was shown once and is nowhere. */
@Entity('mfa_backup_codes')
export class BackupCode {
  @PrimaryColumn('bytea', { name: 'code_hash', primaryKeyConstraintName: 'mfa_backup_codes_pkey' })
  codeHash!: Buffer;

  @Index('mfa_backup_codes_user_id_idx')
  @Column('bigint', { name: 'user_id' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'mfa_backup_codes_user_id_fkey' })
  user?: unknown;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;
}
