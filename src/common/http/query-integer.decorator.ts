import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { IfGiven } from './if-given.decorator.js';

/**
 * An optional query parameter that is a whole number from `min` to `max`, in plain digits: what JavaScript would also
 * take for a number (`1e1`, `0x10`) is refused. An empty one counts as absent.
 */
export function QueryInteger(min: number, max: number, defaultValue?: number): PropertyDecorator {
  return applyDecorators(
    IfGiven(),
    Transform(({ value }: { value: unknown }) => (value === '' ? defaultValue : numberInDigits(value))),
    IsInt({ message: 'must be a whole number' }),
    Min(min),
    Max(max),
    ApiProperty({ type: 'integer', minimum: min, maximum: max, required: false, default: defaultValue }),
  );
}

function numberInDigits(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
}
