import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** A device on which somebody has logged in. It has a bucket of failures of its own, and opens nothing. */
@Entity('known_devices')
@Unique('known_devices_user_id_token_hash_key', ['userId', 'tokenHash'])
export class KnownDevice {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'known_devices_pkey' })
  id!: string;

  @Column('bigint', { name: 'user_id' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'known_devices_user_id_fkey' })
  user?: unknown;

  /** Under an entry of TOKEN_PEPPER; the token itself is with the device alone. */
  @Index('known_devices_token_hash_idx')
  @Column('bytea', { name: 'token_hash' })
  tokenHash!: Buffer;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Index('known_devices_last_used_at_idx')
  @Column('timestamptz', { name: 'last_used_at', default: () => 'now()' })
  lastUsedAt!: Date;
}
