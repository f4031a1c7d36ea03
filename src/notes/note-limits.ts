import { PayloadTooLargeError, ValidationFailedError } from '../common/errors/common.errors.js';
import { countCharacters } from '../common/http/text.decorator.js';
import { foldCase } from '../crypto/note-format/fold-case.js';

/** In characters. */
export const MAX_TITLE = 200;
/** In bytes of UTF-8. */
export const MAX_CONTENT_BYTES = 1_048_576;
export const MAX_TAGS = 20;
/** In characters. */
export const MAX_TAG = 50;
/** In characters, for a password that is set. One that is tried may be anything, and is then wrong. */
export const MIN_NOTE_PASSWORD = 8;
export const MAX_NOTE_PASSWORD = 256;

/** @throws PayloadTooLargeError */
export function checkContentSize(content: string | undefined): void {
  if (content !== undefined && Buffer.byteLength(content, 'utf8') > MAX_CONTENT_BYTES) {
    throw new PayloadTooLargeError(`The content is larger than ${MAX_CONTENT_BYTES} bytes of UTF-8.`);
  }
}

/** @throws ValidationFailedError naming the field that a new note password came in */
export function checkNewNotePassword(field: string, password: string): void {
  const length = countCharacters(password);
  if (length < MIN_NOTE_PASSWORD) refuseField(field, `must have at least ${MIN_NOTE_PASSWORD} characters`);
  if (length > MAX_NOTE_PASSWORD) refuseField(field, `must have at most ${MAX_NOTE_PASSWORD} characters`);
}

/** @throws ValidationFailedError */
export function refuseField(field: string, problem: string): never {
  throw new ValidationFailedError([{ field, problems: [problem] }]);
}

/** Of tags that differ in nothing but case, the first. */
export function distinctTags(tags: readonly string[]): string[] {
  const byFolded = new Map<string, string>();
  for (const tag of tags) {
    const folded = foldCase(tag);
    if (!byFolded.has(folded)) byFolded.set(folded, tag);
  }
  return [...byFolded.values()];
}
