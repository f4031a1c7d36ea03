import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** Bytes as Web Authentication writes them in JSON: base64url without padding, at most `max` characters. */
export const IsBase64Url = ({ max, example }: { max: number; example?: string }): PropertyDecorator =>
  applyDecorators(
    ValidateBy({
      name: 'isBase64Url',
      validator: {
        validate: (value: unknown) =>
          typeof value === 'string' && value.length <= max && BASE64URL.test(value),
        defaultMessage: () => `must be base64url without padding, at most ${max} characters`,
      },
    }),
    ApiProperty({ maxLength: max, ...(example === undefined ? {} : { example }) }),
  );
