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
  if (cursor === undefined) return undefined;
  try {
    const [id, ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (rest.length === 0 && Number.isSafeInteger(id)) return id as number;
  } catch {
    // falls through to the one answer for every unreadable cursor
  }
  throw new ValidationFailedError([{ field: 'cursor', problems: ['is not a cursor of this list'] }]);
}
