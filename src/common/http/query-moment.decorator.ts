import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDate } from 'class-validator';
import { parseMoment } from '../parse-moment.js';
import { IfGiven } from './if-given.decorator.js';

/** An optional query parameter that is a moment. An empty one counts as absent. */
export function QueryMoment(): PropertyDecorator {
  return applyDecorators(
    IfGiven(),
    Transform(({ value }: { value: unknown }) =>
      value === '' ? undefined : typeof value === 'string' ? (parseMoment(value) ?? value) : value,
    ),
    IsDate({ message: 'must be a moment such as 2026-01-05T09:00:00Z' }),
    ApiProperty({ type: String, format: 'date-time', required: false, example: '2026-01-05T09:00:00Z' }),
  );
}
