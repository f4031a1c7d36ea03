import {
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
} from 'typeorm';

@Entity('candidates')
@Unique('candidates_election_id_name_key', ['electionId', 'nameNormalized'])
@Unique('candidates_election_id_id_key', ['electionId', 'id'])
export class Candidate {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'candidates_pkey',
  })
  id!: number;

  @Column('bigint', { name: 'election_id' })
  electionId!: number;

  @ManyToOne('Election', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'election_id', foreignKeyConstraintName: 'candidates_election_id_fkey' })
  election?: unknown;

  @Column('text')
  name!: string;

  /** The form in which names of one election are compared. */
  @Column('text', { name: 'name_normalized' })
  nameNormalized!: string;

  @Column('text')
  party!: string;

  /** Since when it takes no new votes. The votes that it has stay counted. */
  @Column('timestamptz', { name: 'withdrawn_at', nullable: true })
  withdrawnAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
