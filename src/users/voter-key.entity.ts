import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Remembers, without naming it, every address that ever held a voter key. Outlives the account. */
@Entity('voter_keys')
export class VoterKey {
  @PrimaryColumn('bytea', { name: 'email_hmac', primaryKeyConstraintName: 'voter_keys_pkey' })
  emailHmac!: Buffer;

  @Index('voter_keys_voter_key_idx')
  @Column('uuid', { name: 'voter_key' })
  voterKey!: string;
}
