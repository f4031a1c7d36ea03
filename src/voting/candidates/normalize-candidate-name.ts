import { foldCase } from '../../crypto/note-format/fold-case.js';

/**
 * The form in which the names of an election's candidates are compared, so that a voter never sees two that read
 * alike: NFC, without case, white space at the ends removed and collapsed elsewhere. Stored beside the exact name.
 */
export function normalizeCandidateName(name: string): string {
  return foldCase(name).trim().replace(/\s+/gu, ' ');
}
