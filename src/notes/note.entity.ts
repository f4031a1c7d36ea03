import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { NoteMode } from '../crypto/note-format/note-binding.js';

/** One note, sealed. What each column is bound to stands in crypto/README.md. */
@Entity('notes')
@Index('notes_user_id_id_idx', ['userId', 'id'])
@Check('notes_mode_check', `mode IN ('app', 'personal')`)
@Check(
  'notes_kdf_check',
  `(mode = 'personal') = (kdf IS NOT NULL AND kdf_iterations IS NOT NULL AND kdf_salt IS NOT NULL)`,
)
export class Note {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'notes_pkey',
  })
  id!: number;

  @Column('bigint', { name: 'user_id' })
  userId!: number;

  // By name: the class belongs to the users module.
  @ManyToOne('User', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'notes_user_id_fkey' })
  user?: unknown;

  @Column('smallint')
  format!: number;

  @Column('text')
  mode!: NoteMode;

  /** `user` or `password`: which key wraps the data key. */
  @Column('text', { name: 'key_id' })
  keyId!: string;

  @Column('text', { nullable: true })
  kdf!: string | null;

  @Column('integer', { name: 'kdf_iterations', nullable: true })
  kdfIterations!: number | null;

  @Column('bytea', { name: 'kdf_salt', nullable: true })
  kdfSalt!: Buffer | null;

  @Column('bytea', { name: 'wrapped_key' })
  wrappedKey!: Buffer;

  @Column('bytea', { name: 'key_commitment' })
  keyCommitment!: Buffer;

  @Column('bytea', { name: 'sealed_title' })
  sealedTitle!: Buffer;

  @Column('integer', { name: 'title_revision' })
  titleRevision!: number;

  @Column('bytea', { name: 'sealed_content' })
  sealedContent!: Buffer;

  @Column('integer', { name: 'content_revision' })
  contentRevision!: number;

  @Column('bytea', { name: 'tag_index', array: true, default: '{}' })
  tagIndex!: Buffer[];

  @Column('integer', { default: 1 })
  revision!: number;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  /** Set by every write that its owner asked for, and by nothing else; so not an UpdateDateColumn. */
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
