import { Check, Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';

/** An authenticator app. Set up first, in force once a code of it was shown. */
@Entity('mfa_totp')
@Check('mfa_totp_confirmed_check', '(confirmed_at IS NULL) = (last_step IS NULL)')
export class Totp {
  @PrimaryColumn('bigint', { name: 'user_id', primaryKeyConstraintName: 'mfa_totp_pkey' })
  userId!: number;

  // By name: the class belongs to the users module.
  @OneToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'mfa_totp_user_id_fkey' })
  user?: unknown;

  /** The entry of the key ring that sealed the secret. */
  @Index('mfa_totp_key_id_idx')
  @Column('text', { name: 'key_id' })
  keyId!: string;

  @Column('bytea', { name: 'sealed_secret' })
  sealedSecret!: Buffer;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'confirmed_at', nullable: true })
  confirmedAt!: Date | null;

  /** The last time step whose code was accepted; only later ones are. */
  @Column('bigint', { name: 'last_step', nullable: true })
  lastStep!: number | null;
}
