import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** How a login gets its tokens: in the answer, or as cookies. */
export type LoginChannel = 'bearer' | 'web';

/** A login whose first factor was right and whose second factor is still to come. */
@Entity('mfa_tokens')
@Check('mfa_tokens_first_factor_check', `num_nonnulls(password_digest, identity_id) = 1`)
@Check('mfa_tokens_channel_check', `channel IN ('bearer', 'web')`)
export class MfaToken {
  /** A keyed hash of the token; the token itself is nowhere. */
  @PrimaryColumn('bytea', { name: 'token_hash', primaryKeyConstraintName: 'mfa_tokens_pkey' })
  tokenHash!: Buffer;

  @Index('mfa_tokens_user_id_idx')
  @Column('bigint', { name: 'user_id' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'mfa_tokens_user_id_fkey' })
  user?: unknown;

  /** SHA-256 of the password hash that was verified: with another password the token is void. Null after a social login. */
  @Column('bytea', { name: 'password_digest', nullable: true })
  passwordDigest!: Buffer | null;

  /** The identity that logs in; the token goes with it. Null after a password. */
  @Index('mfa_tokens_identity_id_idx')
  @Column('bigint', { name: 'identity_id', nullable: true })
  identityId!: number | null;

  // By name: the class belongs to social login.
  @ManyToOne('Identity', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'identity_id', foreignKeyConstraintName: 'mfa_tokens_identity_id_fkey' })
  identity?: unknown;

  @Column('text')
  channel!: LoginChannel;

  /** What was typed, as lockouts name it: a keyed hash. */
  @Column('bytea')
  identifier!: Buffer;

  /** Failed logins that were counted before this one. */
  @Column('integer', { name: 'failures_before' })
  failuresBefore!: number;

  /** Counted before each is looked at. */
  @Column('integer', { default: 0 })
  tries!: number;

  @Index('mfa_tokens_expires_at_idx')
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
