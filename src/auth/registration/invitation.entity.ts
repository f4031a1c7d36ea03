import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Role } from '../../common/http/principal.js';

/** Lets one person register. Whoever made it has seen the link once; here is only the keyed hash of what it carries. */
@Entity('invitations')
@Unique('invitations_token_hash_key', ['tokenHash'])
@Check('invitations_role_check', `role IN ('user', 'admin')`)
@Check('invitations_email_check', `(email IS NULL) = (email_normalized IS NULL)`)
@Check('invitations_used_check', `(used_at IS NULL) = (used_by IS NULL)`)
export class Invitation {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'invitations_pkey',
  })
  id!: number;

  @Column('bytea', { name: 'token_hash' })
  tokenHash!: Buffer;

  /** Only this address may register with it. */
  @Column('text', { nullable: true })
  email!: string | null;

  @Column('text', { name: 'email_normalized', nullable: true })
  emailNormalized!: string | null;

  /** What the account becomes. */
  @Column('text', { default: 'user' })
  role!: Role;

  @Index('invitations_created_by_idx')
  @Column('bigint', { name: 'created_by' })
  createdBy!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'created_by', foreignKeyConstraintName: 'invitations_created_by_fkey' })
  creator?: unknown;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;

  @Index('invitations_used_by_idx')
  @Column('bigint', { name: 'used_by', nullable: true })
  usedBy!: number | null;

  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'used_by', foreignKeyConstraintName: 'invitations_used_by_fkey' })
  user?: unknown;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
