import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** What a code is good for. */
export type CodePurpose = 'verify_email' | 'change_email' | 'reset_password';

/** The one code of a purpose that somebody may be holding, as a keyed hash. */
@Entity('one_time_codes')
@Check('one_time_codes_purpose_check', `purpose IN ('verify_email', 'change_email', 'reset_password')`)
@Check('one_time_codes_tries_check', 'tries_left >= 0')
export class OneTimeCode {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'one_time_codes_pkey' })
  purpose!: CodePurpose;

  /** Who may use it: an account's id, or the keyed hash of an address. */
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'one_time_codes_pkey' })
  subject!: Buffer;

  /** The flow: every new code has another one. */
  @Column('uuid')
  id!: string;

  /** Null where there is no account: a reset was asked for all the same. */
  @Index('one_time_codes_user_id_idx')
  @Column('bigint', { name: 'user_id', nullable: true })
  userId!: number | null;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'one_time_codes_user_id_fkey' })
  user?: unknown;

  @Column('bytea', { name: 'code_hash' })
  codeHash!: Buffer;

  @Column('smallint', { name: 'tries_left' })
  triesLeft!: number;

  /** From which networks it was tried, as keyed hashes, one for each try. */
  @Column('text', { name: 'tried_from', array: true, default: () => "'{}'" })
  triedFrom!: string[];

  @Index('one_time_codes_expires_at_idx')
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
