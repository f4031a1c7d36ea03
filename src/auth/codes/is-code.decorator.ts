import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';

/** Eight digits, as a mail shows them: with a space in the middle or without. */
export const IsCode = () =>
  applyDecorators(
    Matches(/^[0-9]{4} ?[0-9]{4}$/, { message: 'must be the eight digits of the code' }),
    ApiProperty({ type: String, pattern: '^[0-9]{4} ?[0-9]{4}$', example: '04719283' }),
  );
