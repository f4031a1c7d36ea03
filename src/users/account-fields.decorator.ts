import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Matches, MaxLength, ValidateBy } from 'class-validator';
import { isEmailAddress } from '../common/email-address-syntax.js';
import { IsText } from '../common/http/text.decorator.js';

/** A person's name, 1–100 characters, kept exactly. */
export const IsPersonName = () => IsText({ min: 1, max: 100 });

/** An e-mail address, as common/email-address-syntax.ts takes it. */
export const IsEmailAddress = () =>
  applyDecorators(
    ValidateBy({
      name: 'isEmailAddress',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isEmailAddress(value),
        defaultMessage: () => 'must be an e-mail address',
      },
    }),
    MaxLength(254, { message: 'must have at most 254 characters' }),
    ApiProperty({ format: 'email', maxLength: 254, example: 'ada@example.com' }),
  );

/** A username: 3–32 letters, digits, dots, dashes, underscores. It has no @, so it never reads like an address. */
export const IsUsername = ({ nullable = false } = {}) =>
  applyDecorators(
    Matches(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{1,30})[A-Za-z0-9]$/, {
      message:
        'must have 3 to 32 letters, digits, dots, dashes or underscores, and begin and end with a letter or digit',
    }),
    ApiProperty({ type: String, nullable, example: 'ada', minLength: 3, maxLength: 32 }),
  );
