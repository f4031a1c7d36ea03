import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A random key of the service, wrapped by the key ring. */
@Entity('service_keys')
export class ServiceKey {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'service_keys_pkey' })
  name!: string;

  @Column('text', { name: 'key_id' })
  keyId!: string;

  @Column('bytea', { name: 'wrapped_key' })
  wrappedKey!: Buffer;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
