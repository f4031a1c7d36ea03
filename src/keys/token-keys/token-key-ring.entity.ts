import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** A ring of keys that tokens and seals are made with, as it was at the last start: by ids and fingerprints, no keys. */
@Entity('token_key_rings')
@Check('token_key_rings_check', `cardinality(key_ids) = cardinality(fingerprints)`)
export class TokenKeyRing {
  /** The name of the variable that holds it. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'token_key_rings_pkey' })
  variable!: string;

  /** The writing one first. */
  @Column('text', { name: 'key_ids', array: true })
  keyIds!: string[];

  /** Of the keys in the same order: what HKDF derives of each for this alone, in hexadecimal. */
  @Column('text', { array: true })
  fingerprints!: string[];

  @Column('timestamptz', { name: 'noted_at', default: () => 'now()' })
  notedAt!: Date;
}
