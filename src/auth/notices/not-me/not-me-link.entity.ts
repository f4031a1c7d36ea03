import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** Lets the owner of a mailbox say that a login was not theirs; here is only the keyed hash of what the link carries. */
@Entity('not_me_links')
@Unique('not_me_links_token_hash_key', ['tokenHash'])
export class NotMeLink {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'not_me_links_pkey',
  })
  id!: number;

  @Column('bytea', { name: 'token_hash' })
  tokenHash!: Buffer;

  @Index('not_me_links_user_id_idx')
  @Column('bigint', { name: 'user_id' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'not_me_links_user_id_fkey' })
  user?: unknown;

  /** Which login it was. No foreign keys: session and device may be swept away before the link ends. */
  @Column('uuid', { name: 'session_id' })
  sessionId!: string;

  @Column('uuid', { name: 'device_id' })
  deviceId!: string;

  /** Where it was mailed: good while the account has this address. */
  @Column('text', { name: 'email_normalized' })
  emailNormalized!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Index('not_me_links_expires_at_idx')
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
