import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** What the service keeps of a passkey: nothing that lets anybody in. */
@Entity('passkeys')
@Unique('passkeys_credential_id_key', ['credentialId'])
@Check(
  'passkeys_sizes_check',
  'octet_length(credential_id) BETWEEN 1 AND 1023 AND octet_length(public_key) <= 1024',
)
export class Passkey {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'passkeys_pkey',
  })
  id!: number;

  @Index('passkeys_user_id_idx')
  @Column('bigint', { name: 'user_id' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'passkeys_user_id_fkey' })
  user?: unknown;

  /** As the authenticator chose it, up to 1023 bytes. */
  @Column('bytea', { name: 'credential_id' })
  credentialId!: Buffer;

  /** In COSE form (RFC 9052). */
  @Column('bytea', { name: 'public_key' })
  publicKey!: Buffer;

  /** Of signatures, where the authenticator counts them; else 0. */
  @Column('bigint')
  counter!: number;

  /** How the authenticator said that it is reached. */
  @Column('text', { array: true })
  transports!: string[];

  /** Whether the key may be copied to other devices of its owner. It never changes. */
  @Column('boolean', { name: 'is_backup_eligible' })
  isBackupEligible!: boolean;

  /** Whether it was, when the passkey was last used. */
  @Column('boolean', { name: 'is_backed_up' })
  isBackedUp!: boolean;

  /** The model of the authenticator, where it says; else zeros. */
  @Column('uuid')
  aaguid!: string;

  @Column('text')
  name!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  /** When its counter last went back. */
  @Column('timestamptz', { name: 'clone_suspected_at', nullable: true })
  cloneSuspectedAt!: Date | null;
}
