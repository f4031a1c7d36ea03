import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, ValidateBy } from 'class-validator';
import { IsText, isStorableText } from '../common/http/text.decorator.js';
import {
  MAX_CONTENT_BYTES,
  MAX_NOTE_PASSWORD,
  MAX_TAG,
  MAX_TAGS,
  MAX_TITLE,
  MIN_NOTE_PASSWORD,
} from './note-limits.js';

/** Longer than any password that can be set, so that a wrong one is wrong, not invalid. */
const MAX_PASSWORD_INPUT = 1024;

export const IsNoteTitle = () => IsText({ max: MAX_TITLE });

/** Any text, also none. Its size in bytes is checked by the services, which answer 413. */
export const IsNoteContent = () =>
  applyDecorators(
    ValidateBy({
      name: 'isNoteContent',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isStorableText(value),
        defaultMessage: (args) =>
          typeof args?.value === 'string'
            ? 'must not contain NUL characters or lone surrogates'
            : 'must be a string',
      },
    }),
    ApiProperty({ minLength: 0, maxLength: MAX_CONTENT_BYTES }),
  );

export const IsNoteTags = () =>
  applyDecorators(
    ApiProperty({
      type: 'array',
      maxItems: MAX_TAGS,
      items: { type: 'string', minLength: 1, maxLength: MAX_TAG },
      example: ['travel', 'ideas'],
    }),
    IsArray({ message: 'must be a list of strings' }),
    ArrayMaxSize(MAX_TAGS, { message: `must have at most ${MAX_TAGS} entries` }),
    IsText({ max: MAX_TAG, each: true }),
  );

/** A password that is set. */
export const IsNewNotePassword = () => IsText({ min: MIN_NOTE_PASSWORD, max: MAX_NOTE_PASSWORD });

/** A password that is tried. */
export const IsNotePassword = () => IsText({ max: MAX_PASSWORD_INPUT });
