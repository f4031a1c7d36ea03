import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Note } from './note.entity.js';

/** When a note's password was tried of late, without success since. */
@Entity('note_password_attempts')
export class NotePasswordAttempts {
  @PrimaryColumn('bigint', { name: 'note_id', primaryKeyConstraintName: 'note_password_attempts_pkey' })
  noteId!: number;

  @ManyToOne(() => Note, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'note_id', foreignKeyConstraintName: 'note_password_attempts_note_id_fkey' })
  note?: Relation<Note>;

  @PrimaryColumn('bigint', { name: 'user_id', primaryKeyConstraintName: 'note_password_attempts_pkey' })
  userId!: number;

  @Column('timestamptz', { name: 'attempted_at', array: true })
  attemptedAt!: Date[];
}
