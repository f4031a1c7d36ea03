import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  PrimaryGeneratedColumn,
  Unique,
  UpdateDateColumn,
} from 'typeorm';
import type { Role } from '../common/http/principal.js';

@Entity('users')
@Unique('users_email_normalized_key', ['emailNormalized'])
@Unique('users_username_normalized_key', ['usernameNormalized'])
@Check('users_role_check', `role IN ('user', 'admin')`)
export class User {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'users_pkey',
  })
  id!: number;

  @Column('text')
  name!: string;

  @Column('text')
  email!: string;

  @Column('text', { name: 'email_normalized' })
  emailNormalized!: string;

  @Column('text', { nullable: true })
  username!: string | null;

  @Column('text', { name: 'username_normalized', nullable: true })
  usernameNormalized!: string | null;

  /** argon2id in PHC form; null for an account that only logs in through a provider. */
  @Column('text', { name: 'password_hash', nullable: true })
  passwordHash!: string | null;

  @Column('text', { default: 'user' })
  role!: Role;

  @Column('boolean', { name: 'is_active', default: true })
  isActive!: boolean;

  @Column('timestamptz', { name: 'email_verified_at', nullable: true })
  emailVerifiedAt!: Date | null;

  /** Where the account moves once the code that was mailed there is confirmed. */
  @Column('text', { name: 'pending_email', nullable: true })
  pendingEmail!: string | null;

  /** When the present address was last mailed a code to verify it; null for an account that was never asked. */
  @Column('timestamptz', { name: 'verification_sent_at', nullable: true })
  verificationSentAt!: Date | null;

  /** Stands for this person in participations; follows every address the person ever held. */
  @Index('users_voter_key_idx')
  @Column('uuid', { name: 'voter_key' })
  voterKey!: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' })
  updatedAt!: Date;
}
