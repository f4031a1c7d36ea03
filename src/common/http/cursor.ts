import { ValidationFailedError } from '../errors/common.errors.js';

/** Encodes where a list goes on: opaque to clients, stable under inserts. */
export function encodeCursor(position: (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Reads a cursor that holds one id.
 * @throws ValidationFailedError for anything this service did not make.
 */
export function decodeIdCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [id, ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (rest.length === 0 && Number.isSafeInteger(id)) return id as number;
  } catch {
    // falls through to the one answer for every unreadable cursor
  }
  throw new ValidationFailedError([{ field: 'cursor', problems: ['is not a cursor of this list'] }]);
}
