import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';

/** How someone voted. Says nothing about who or when, and must never have a column that does. */
@Entity('ballots')
@Unique('ballots_leaf_hash_key', ['electionId', 'leafHash'])
@Index('ballots_candidate_idx', ['electionId', 'candidateId'])
export class CastBallot {
  /** Random, so that ids have no order. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'ballots_pkey' })
  id!: string;

  @Column('bigint', { name: 'election_id' })
  electionId!: number;

  @ManyToOne('Election')
  @JoinColumn({ name: 'election_id', foreignKeyConstraintName: 'ballots_election_id_fkey' })
  election?: unknown;

  /** The choice of a plurality ballot, repeated for the foreign key that keeps a candidate with votes. */
  @Column('bigint', { name: 'candidate_id', nullable: true })
  candidateId!: number | null;

  @ManyToOne('Candidate')
  @JoinColumn([
    {
      name: 'election_id',
      referencedColumnName: 'electionId',
      foreignKeyConstraintName: 'ballots_candidate_fkey',
    },
    { name: 'candidate_id', referencedColumnName: 'id', foreignKeyConstraintName: 'ballots_candidate_fkey' },
  ])
  candidate?: unknown;

  /** Canonical JSON (RFC 8785), as it was hashed. */
  @Column('text')
  ballot!: string;

  @Column('numeric', { default: 1 })
  weight!: string;

  @Column('bytea')
  nonce!: Buffer;

  @Column('bytea', { name: 'leaf_hash' })
  leafHash!: Buffer;
}
