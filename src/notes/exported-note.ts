import type { NoteTitle } from '../crypto/note-format/seal-title.js';
import { kdfParametersOf, type StoredNote } from './stored-note.js';

/** A sealed content and all that it is bound to, in base64; with the note's password it opens anywhere. */
interface ExportedSeal {
  format: number;
  owner_id: number;
  content_revision: number;
  kdf: string;
  kdf_iterations: number;
  kdf_salt: string;
  key_id: string;
  wrapped_key: string;
  key_commitment: string;
  sealed_content: string;
}

export interface ExportedNote {
  id: number;
  title: string | null;
  tags: readonly string[];
  personal_encryption: boolean;
  /** Of a note that the service can open. */
  content?: string;
  /** Of one that it cannot. */
  sealed?: ExportedSeal;
  unreadable?: true;
  created_at: Date;
  updated_at: Date;
}

/**
 * @param content undefined for a personal note
 * @throws NoteUnreadableError for a personal note that names no key derivation
 */
export function toExportedNote(
  note: StoredNote,
  { title, tags }: NoteTitle,
  content: string | undefined,
): ExportedNote {
  return {
    id: note.id,
    title,
    tags,
    personal_encryption: note.mode === 'personal',
    ...(content === undefined ? { sealed: toExportedSeal(note) } : { content }),
    created_at: note.createdAt,
    updated_at: note.updatedAt,
  };
}

/** For a note whose stored form was changed or damaged: that it is there is all that can be said. */
export function toUnreadableNote(note: StoredNote): ExportedNote {
  return {
    id: note.id,
    title: null,
    tags: [],
    personal_encryption: note.mode === 'personal',
    unreadable: true,
    created_at: note.createdAt,
    updated_at: note.updatedAt,
  };
}

function toExportedSeal(note: StoredNote): ExportedSeal {
  const { name, iterations, salt } = kdfParametersOf(note);
  return {
    format: note.format,
    owner_id: note.userId,
    content_revision: note.contentRevision,
    kdf: name,
    kdf_iterations: iterations,
    kdf_salt: salt.toString('base64'),
    key_id: note.keyId,
    wrapped_key: note.wrappedKey.toString('base64'),
    key_commitment: note.keyCommitment.toString('base64'),
    sealed_content: note.sealedContent.toString('base64'),
  };
}
