import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** One row while the database is about to be replaced, none otherwise. It counts while who wrote it lives. */
@Entity('maintenance')
@Check('maintenance_is_on_check', 'is_on')
export class Maintenance {
  @PrimaryColumn('boolean', { name: 'is_on', default: true, primaryKeyConstraintName: 'maintenance_pkey' })
  isOn!: true;

  @Column('text')
  reason!: string;

  @Column('timestamptz', { default: () => 'now()' })
  since!: Date;
}
