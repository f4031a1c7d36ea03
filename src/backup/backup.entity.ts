import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export type BackupState = 'running' | 'verified' | 'failed';
export type BackupReason = 'schedule' | 'manual';

/** One run. What it made lies in BACKUP_DIR and says everything itself; these rows are for reading. */
@Entity('backups')
@Index('backups_slot_key', ['slot'], { unique: true, where: `state <> 'failed'` })
@Check('backups_reason_check', `reason IN ('schedule', 'manual')`)
@Check('backups_state_check', `state IN ('running', 'verified', 'failed')`)
@Check('backups_verification_check', `verification IN ('restore', 'read')`)
export class Backup {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'backups_pkey',
  })
  id!: number;

  @Column('text')
  reason!: BackupReason;

  /** The moment of the schedule that this run is for. */
  @Column('timestamptz', { nullable: true })
  slot!: Date | null;

  @Column('text', { default: 'running' })
  state!: BackupState;

  /** Its name in BACKUP_DIR. */
  @Column('text', { nullable: true })
  file!: string | null;

  @Column('timestamptz', { name: 'started_at', default: () => 'now()' })
  startedAt!: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column('bigint', { nullable: true })
  bytes!: number | null;

  @Column('text', { nullable: true })
  sha256!: string | null;

  @Column('timestamptz', { name: 'verified_at', nullable: true })
  verifiedAt!: Date | null;

  @Column('text', { nullable: true })
  verification!: 'restore' | 'read' | null;

  /** Why it was only read, where it should have been restored. */
  @Column('text', { nullable: true })
  note!: string | null;

  @Column('text', { nullable: true })
  error!: string | null;
}
