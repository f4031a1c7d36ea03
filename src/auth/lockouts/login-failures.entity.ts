import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What was tried of late under one key, and whether that is locked. Who and what the key stands for is in no row. */
@Entity('login_failures')
export class LoginFailures {
  /** A keyed hash, see lockout-keys.ts. */
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'login_failures_pkey' })
  key!: Buffer;

  /** The key of the account that it belongs to, for unlocking; null for what belongs to an address alone. */
  @Index('login_failures_account_idx')
  @Column('bytea', { nullable: true })
  account!: Buffer | null;

  /** Oldest first. */
  @Column('timestamptz', { name: 'failed_at', array: true, default: '{}' })
  failedAt!: Date[];

  /** Attempts whose password is being checked: when each was let in (seconds of the epoch), by its id. */
  @Column('jsonb', { default: {} })
  pending!: Record<string, number>;

  /** When the last lock was set. */
  @Column('timestamptz', { name: 'locked_at', nullable: true })
  lockedAt!: Date | null;

  @Column('timestamptz', { name: 'locked_until', nullable: true })
  lockedUntil!: Date | null;

  /** How often the last lock had been doubled. */
  @Column('integer', { name: 'lock_level', default: 0 })
  lockLevel!: number;

  /** From when on the row says nothing any more. */
  @Index('login_failures_forget_at_idx')
  @Column('timestamptz', { name: 'forget_at' })
  forgetAt!: Date;
}
