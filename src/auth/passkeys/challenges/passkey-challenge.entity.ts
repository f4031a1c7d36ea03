import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** What a challenge may be answered for. `named-login`: for one account, `nameless-login`: for whichever has the key. */
export type ChallengePurpose = 'registration' | 'named-login' | 'nameless-login';

/** Something that an authenticator is to sign, once and soon. */
@Entity('passkey_challenges')
@Check(
  'passkey_challenges_purpose_check',
  `CASE purpose
     WHEN 'registration' THEN user_id IS NOT NULL AND session_id IS NOT NULL
     WHEN 'named-login' THEN session_id IS NULL
     WHEN 'nameless-login' THEN user_id IS NULL AND session_id IS NULL
     ELSE false END`,
)
export class PasskeyChallenge {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'passkey_challenges_pkey' })
  challenge!: Buffer;

  @Column('text')
  purpose!: ChallengePurpose;

  /** Null also for a login with a name that is nobody's. */
  @Index('passkey_challenges_user_id_idx')
  @Column('bigint', { name: 'user_id', nullable: true })
  userId!: number | null;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'passkey_challenges_user_id_fkey' })
  user?: unknown;

  @Index('passkey_challenges_session_id_idx')
  @Column('uuid', { name: 'session_id', nullable: true })
  sessionId!: string | null;

  @ManyToOne('Session', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'session_id', foreignKeyConstraintName: 'passkey_challenges_session_id_fkey' })
  session?: unknown;

  @Index('passkey_challenges_expires_at_idx')
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
