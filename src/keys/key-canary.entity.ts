import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A known text sealed under each key that was ever used: shows at boot whether the key is still the same. */
@Entity('key_canaries')
export class KeyCanary {
  @PrimaryColumn('text', { name: 'key_id', primaryKeyConstraintName: 'key_canaries_pkey' })
  keyId!: string;

  @Column('bytea')
  sealed!: Buffer;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  /** When the key was last written into a recovery file. */
  @Column('timestamptz', { name: 'exported_at', nullable: true })
  exportedAt!: Date | null;
}
