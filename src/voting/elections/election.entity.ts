import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
} from 'typeorm';

export type ElectionState = 'draft' | 'open' | 'closed' | 'published' | 'cancelled';
export type VotingMethod = 'plurality' | 'approval' | 'score' | 'star' | 'irv' | 'stv' | 'ranked_pairs';
export type Eligibility = 'everyone' | 'verified' | 'roll';
export type ResultsPolicy = 'after_publish' | 'live';

@Entity('elections')
@Index('elections_default_key', ['isDefault'], { unique: true, where: 'is_default' })
@Check('elections_state_check', `state IN ('draft', 'open', 'closed', 'published', 'cancelled')`)
@Check(
  'elections_method_check',
  `method IN ('plurality', 'approval', 'score', 'star', 'irv', 'stv', 'ranked_pairs')`,
)
@Check('elections_eligibility_check', `eligibility IN ('everyone', 'verified', 'roll')`)
@Check('elections_results_policy_check', `results_policy IN ('after_publish', 'live')`)
export class Election {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'elections_pkey',
  })
  id!: number;

  @Column('text')
  title!: string;

  @Column('text', { default: '' })
  description!: string;

  @Column('text', { default: 'draft' })
  state!: ElectionState;

  @Column('text')
  method!: VotingMethod;

  @Column('integer', { default: 1 })
  seats!: number;

  @Column('timestamptz', { name: 'opens_at', nullable: true })
  opensAt!: Date | null;

  @Column('timestamptz', { name: 'closes_at', nullable: true })
  closesAt!: Date | null;

  @Column('text', { default: 'everyone' })
  eligibility!: Eligibility;

  @Column('text', { name: 'results_policy', default: 'after_publish' })
  resultsPolicy!: ResultsPolicy;

  /** Parameters of the method. */
  @Column('jsonb', { default: () => `'{}'` })
  rules!: Record<string, unknown>;

  @Column('text', { name: 'candidate_order', default: 'given' })
  candidateOrder!: string;

  @Column('integer', { name: 'log_batch_min', default: 10 })
  logBatchMin!: number;

  @Column('bytea', { name: 'config_hash', nullable: true })
  configHash!: Buffer | null;

  /** True for exactly one election: the one that needs no naming. */
  @Column('boolean', { name: 'is_default', default: false })
  isDefault!: boolean;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' })
  updatedAt!: Date;
}
