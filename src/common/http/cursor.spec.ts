import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeIdCursor, encodeCursor, pageOf } from './cursor.js';

describe('a cursor', () => {
  it('leads back to the id that it was made of', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (id) => {
        const cursor = encodeCursor([id]);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeIdCursor(cursor)).toBe(id);
      }),
    );
  });

  it('that is not there means the first page', () => {
    expect(decodeIdCursor(undefined)).toBeUndefined();
  });

  it('of anybody else is a validation error or an id, and nothing worse', () => {
    const made = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
    );
    fc.assert(
      fc.property(made, (cursor) => {
        let outcome: unknown;
        try {
          outcome = decodeIdCursor(cursor);
        } catch (error) {
          expect(error).toMatchObject({
            code: 'VALIDATION_ERROR',
            details: { fields: [{ field: 'cursor', problems: ['is not a cursor of this list'] }] },
          });
          return;
        }
        expect(Number.isSafeInteger(outcome)).toBe(true);
      }),
    );
  });

  it.each([[], ['1'], [1, 2], [1.5], [2 ** 53], [null], [[1]], {}, null, 1, 'x'].map((one) => [one]))(
    'of %j is refused',
    (position) => {
      const cursor = Buffer.from(JSON.stringify(position)).toString('base64url');
      expect(() => decodeIdCursor(cursor)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
    },
  );
});

describe('a page', () => {
  const positionOf = (id: number) => [id];

  it('goes on after its last item when more was found than fits', () => {
    expect(pageOf([9, 7, 5], 2, positionOf)).toEqual({ items: [9, 7], next_cursor: encodeCursor([7]) });
  });

  it.each([[[]], [[9]], [[9, 7]]])('of %j with room for two is the last one', (found) => {
    expect(pageOf<number>(found, 2, positionOf)).toEqual({ items: found, next_cursor: null });
  });

  it('ends in an item that is 0 like in any other', () => {
    expect(pageOf([1, 0, 2], 2, positionOf).next_cursor).toBe(encodeCursor([0]));
  });
});
