import { FormatUnknownError } from '../crypto.errors.js';
import type { AadField } from '../aad.js';

export const NOTE_FORMAT_VERSION = 1;

/** Who can open the content: the service for its owner, or only whoever knows the note's password. */
export type NoteMode = 'app' | 'personal';

/** The place that a sealed content belongs to. Opening takes these from the row, so a moved ciphertext fails. */
export interface ContentBinding {
  /** NOTE_FORMAT_VERSION when writing, the row's version when reading. */
  readonly formatVersion: number;
  readonly mode: NoteMode;
  readonly ownerId: number;
  readonly noteId: number;
  /** The row's revision at which its content was last sealed. */
  readonly contentRevision: number;
}

/** The place that a sealed title belongs to: its note, with the very content it stands above. */
export interface TitleBinding extends ContentBinding {
  /** The row's revision at which its title was last sealed. */
  readonly titleRevision: number;
  /** The row's commitment to its content's data key: 32 bytes that no other write of a content has. */
  readonly keyCommitment: Buffer;
}

/** The fields that the AAD of a sealed content consists of. */
export function contentFields(binding: ContentBinding): AadField[] {
  return [...noteFields(binding), 'content', binding.contentRevision];
}

/**
 * The fields that the AAD of a sealed title consists of. The content's revision and key commitment are among them:
 * to put another content there, one has to put the title back that was sealed with it. The revision alone would
 * not do, as a row that was put back gives the next revision out a second time.
 */
export function titleFields(binding: TitleBinding): AadField[] {
  const { titleRevision, contentRevision, keyCommitment } = binding;
  return [...noteFields(binding), 'title', titleRevision, contentRevision, keyCommitment];
}

/** @throws FormatUnknownError */
function noteFields(binding: ContentBinding): AadField[] {
  if (binding.formatVersion !== NOTE_FORMAT_VERSION) {
    throw new FormatUnknownError(binding.formatVersion);
  }
  return ['mc101/note', binding.formatVersion, binding.mode, binding.ownerId, binding.noteId];
}
