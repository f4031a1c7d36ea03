import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min, ValidateIf } from 'class-validator';

/**
 * An optional query parameter that is a whole number from `min` to `max`, in plain digits: what JavaScript would also
 * take for a number (`1e1`, `0x10`, an empty string) is refused.
 */
export function QueryInteger(min: number, max: number, defaultValue?: number): PropertyDecorator {
  return applyDecorators(
    ValidateIf((_, value) => value !== undefined),
    Transform(({ value }: { value: unknown }) => numberInDigits(value)),
    IsInt({ message: 'must be a whole number' }),
    Min(min),
    Max(max),
    ApiProperty({ type: 'integer', minimum: min, maximum: max, required: false, default: defaultValue }),
  );
}

function numberInDigits(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
}
