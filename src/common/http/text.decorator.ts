import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

interface TextOptions {
  /** In characters (Unicode code points). */
  min?: number;
  max: number;
  /** Each entry of an array instead of the value itself. */
  each?: boolean;
}

/** True for text that can be stored and given back exactly: no NUL, no lone surrogate. */
export function isStorableText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

/** Length in characters as people count them in a limit: code points, not UTF-16 units. */
export function countCharacters(value: string): number {
  return Array.from(value).length;
}

/** A string of `min` to `max` characters that the service can store and return exactly. */
export function IsText({ min = 1, max, each = false }: TextOptions): PropertyDecorator {
  const problemWith = (value: unknown) =>
    each && Array.isArray(value) ? problemWithEntries(value, min, max) : problemWithText(value, min, max);
  return applyDecorators(
    ValidateBy(
      {
        name: 'isText',
        validator: {
          validate: (value: unknown) => problemWithText(value, min, max) === undefined,
          defaultMessage: (args) => problemWith(args?.value) ?? 'is not acceptable text',
        },
      },
      { each },
    ),
    each ? ApiProperty() : ApiProperty({ minLength: min, maxLength: max }),
  );
}

/** Of the first entry that has one. Entries are counted from 1. */
function problemWithEntries(entries: unknown[], min: number, max: number): string | undefined {
  const problems = entries.map((entry) => problemWithText(entry, min, max));
  const first = problems.findIndex((problem) => problem !== undefined);
  return first === -1 ? undefined : `entry ${first + 1} ${problems[first] ?? ''}`;
}

function problemWithText(value: unknown, min: number, max: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (!isStorableText(value)) return 'must not contain NUL characters or lone surrogates';
  // UTF-16 units are never fewer than characters and at most twice as many.
  const length = value.length > 2 * max ? value.length : countCharacters(value);
  if (length < min) return min === 1 ? 'must not be empty' : `must have at least ${min} characters`;
  if (length > max) return `must have at most ${max} characters`;
  return undefined;
}
