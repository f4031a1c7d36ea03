import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { OAuthPurpose } from '../flows/oauth-flow.entity.js';

/** An identity that a provider has just vouched for, on its way to the client that began. */
@Entity('oauth_codes')
@Check('oauth_codes_purpose_check', `purpose IN ('login', 'link') AND (purpose = 'link' OR user_id IS NULL)`)
export class OAuthCode {
  /** A keyed hash of the code; the code itself is nowhere. */
  @PrimaryColumn('bytea', { name: 'code_hash', primaryKeyConstraintName: 'oauth_codes_pkey' })
  codeHash!: Buffer;

  @Column('text')
  purpose!: OAuthPurpose;

  /** Whose account alone it can be linked with: the one that has its address. Null: with whichever one is logged in to. */
  @Index('oauth_codes_user_id_idx')
  @Column('bigint', { name: 'user_id', nullable: true })
  userId!: number | null;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'oauth_codes_user_id_fkey' })
  user?: unknown;

  @Column('text')
  provider!: string;

  @Column('text')
  issuer!: string;

  @Column('text')
  subject!: string;

  @Column('text', { nullable: true })
  email!: string | null;

  @Column('boolean', { name: 'is_email_verified' })
  isEmailVerified!: boolean;

  @Column('text', { nullable: true })
  name!: string | null;

  /** When they logged in at the provider, where it says. */
  @Column('timestamptz', { name: 'authenticated_at', nullable: true })
  authenticatedAt!: Date | null;

  @Column('boolean', { name: 'is_multi_factor' })
  isMultiFactor!: boolean;

  /** Of the client that began: S256, base64url. */
  @Column('text', { name: 'code_challenge' })
  codeChallenge!: string;

  @Index('oauth_codes_expires_at_idx')
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
