import { Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** That a voter has voted in an election. Says nothing about how. */
@Entity('participations')
export class Participation {
  @PrimaryColumn('bigint', { name: 'election_id', primaryKeyConstraintName: 'participations_pkey' })
  electionId!: number;

  @Index('participations_voter_key_idx')
  @PrimaryColumn('uuid', { name: 'voter_key', primaryKeyConstraintName: 'participations_pkey' })
  voterKey!: string;

  @ManyToOne('Election')
  @JoinColumn({ name: 'election_id', foreignKeyConstraintName: 'participations_election_id_fkey' })
  election?: unknown;
}
