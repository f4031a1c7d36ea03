import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** Somebody's login at a provider, which logs in to an account here. */
@Entity('identities')
@Unique('identities_issuer_subject_key', ['issuer', 'subject'])
export class Identity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'identities_pkey',
  })
  id!: number;

  @Index('identities_user_id_idx')
  @Column('bigint', { name: 'user_id' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'identities_user_id_fkey' })
  user?: unknown;

  /** Through which provider it came, as the configuration names it. */
  @Column('text')
  provider!: string;

  /** With `subject`: who it is. */
  @Column('text')
  issuer!: string;

  @Column('text')
  subject!: string;

  /** As the provider told it when it was linked, so that its owner knows it again. It decides nothing. */
  @Column('text', { nullable: true })
  email!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'last_login_at', nullable: true })
  lastLoginAt!: Date | null;
}
