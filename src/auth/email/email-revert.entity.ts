import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** The way back to an address that an account has left, by what was mailed there; here is only its keyed hash. */
@Entity('email_reverts')
@Unique('email_reverts_token_hash_key', ['tokenHash'])
export class EmailRevert {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'email_reverts_pkey',
  })
  id!: number;

  @Column('bytea', { name: 'token_hash' })
  tokenHash!: Buffer;

  @Index('email_reverts_user_id_idx')
  @Column('bigint', { name: 'user_id' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'email_reverts_user_id_fkey' })
  user?: unknown;

  /** The address that was left. */
  @Column('text')
  email!: string;

  @Index('email_reverts_email_normalized_idx')
  @Column('text', { name: 'email_normalized' })
  emailNormalized!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  /** When the session began that moved the account: what was set up after that may not be the owner's. */
  @Column('timestamptz', { name: 'trusted_until' })
  trustedUntil!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
