import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Session } from './session.entity.js';

/** The keyed hash of a refresh token; the token itself is nowhere. */
@Entity('refresh_tokens')
@Check(
  'refresh_tokens_used_check',
  '(used_at IS NULL) = (successor_salt IS NULL) AND (used_at IS NULL) = (successor_hash IS NULL)',
)
export class RefreshToken {
  @PrimaryColumn('bytea', { name: 'token_hash', primaryKeyConstraintName: 'refresh_tokens_pkey' })
  tokenHash!: Buffer;

  @Index('refresh_tokens_session_id_idx')
  @Column('uuid', { name: 'session_id' })
  sessionId!: string;

  @ManyToOne(() => Session, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'session_id', foreignKeyConstraintName: 'refresh_tokens_session_id_fkey' })
  session!: Relation<Session>;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Index('refresh_tokens_used_at_idx', { where: 'used_at IS NOT NULL' })
  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;

  @Column('bytea', { name: 'successor_salt', nullable: true })
  successorSalt!: Buffer | null;

  /** The token that was answered when this one was used. No foreign key: a sweep takes the older ones first. */
  @Column('bytea', { name: 'successor_hash', nullable: true })
  successorHash!: Buffer | null;
}
