import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** The key that all notes of one user are under, wrapped by the key ring. Deleted with the account. */
@Entity('user_keys')
export class UserKey {
  @PrimaryColumn('bigint', { name: 'user_id', primaryKeyConstraintName: 'user_keys_pkey' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'user_keys_user_id_fkey' })
  user?: unknown;

  @Index('user_keys_key_id_idx')
  @Column('text', { name: 'key_id' })
  keyId!: string;

  @Column('bytea', { name: 'wrapped_key' })
  wrappedKey!: Buffer;

  @Column('bytea', { name: 'key_commitment' })
  keyCommitment!: Buffer;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
