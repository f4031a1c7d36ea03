import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

/** What became of a letter: handed over, its recipient refused for good, too late, given up by the operator. */
export type MailOutcome = 'sent' | 'refused' | 'expired' | 'discarded';

/** A letter from the transaction that wrote it until some time after its end. */
@Entity('mail_messages')
@Unique('mail_messages_event_key_key', ['eventKey'])
@Index('mail_messages_open_idx', ['createdAt'], { where: 'outcome IS NULL' })
@Index('mail_messages_finished_at_idx', ['finishedAt'], { where: 'outcome IS NOT NULL' })
@Check('mail_messages_sealed_check', '(key_id IS NULL) = (sealed IS NULL)')
@Check('mail_messages_outcome_check', `outcome IN ('sent', 'refused', 'expired', 'discarded')`)
@Check(
  'mail_messages_finished_check',
  '(outcome IS NULL) = (finished_at IS NULL) AND (outcome IS NULL) = (sealed IS NOT NULL)',
)
export class MailMessage {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'mail_messages_pkey' })
  id!: string;

  /** One event yields one letter. */
  @Column('text', { name: 'event_key' })
  eventKey!: string;

  @Column('text')
  kind!: string;

  @Column('text', { name: 'key_id', nullable: true })
  keyId!: string | null;

  /** Recipient and data; gone once the letter is over. */
  @Column('bytea', { nullable: true })
  sealed!: Buffer | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  /** After which it must not be sent any more. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column('text', { nullable: true })
  outcome!: MailOutcome | null;
}
