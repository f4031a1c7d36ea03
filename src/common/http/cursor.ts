import { ValidationFailedError } from '../errors/common.errors.js';

/** Encodes where a list goes on: opaque to clients, stable under inserts. */
export function encodeCursor(position: (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Cuts a page from what was found, one item more than fits telling that the list goes on.
 * @param found up to `limit + 1` items
 * @param positionOf where the list goes on after an item
 */
export function pageOf<T>(
  found: T[],
  limit: number,
  positionOf: (item: T) => (string | number)[],
): { items: T[]; next_cursor: string | null } {
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, next_cursor: last === undefined ? null : encodeCursor(positionOf(last)) };
}

/**
 * Reads a cursor that holds one id.
 * @throws ValidationFailedError for anything this service did not make.
 */
export function decodeIdCursor(cursor: string | undefined): number | undefined {
  return decodeCursor(cursor, isIdPosition)?.[0];
}

function isIdPosition(position: unknown[]): position is [number] {
  return position.length === 1 && Number.isSafeInteger(position[0]);
}

/**
 * Reads a cursor.
 * @param isPosition tells a position of this list from anything else
 * @throws ValidationFailedError for anything this service did not make.
 */
export function decodeCursor<P extends (string | number)[]>(
  cursor: string | undefined,
  isPosition: (position: unknown[]) => position is P,
): P | undefined {
  if (cursor === undefined) return undefined;
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(position) && isPosition(position)) return position;
  } catch {
    // falls through to the one answer for every unreadable cursor
  }
  throw new ValidationFailedError([{ field: 'cursor', problems: ['is not a cursor of this list'] }]);
}
