import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { Transform } from 'class-transformer';
import { IsText } from './text.decorator.js';

const DEFAULT_PAGE_SIZE = 20;

/** The number that a query parameter spells in plain digits; anything else stays what it is, to be refused. */
function wholeNumberIn(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

/** `?limit=` and `?cursor=` of every list. */
export class PagingQuery {
  /** How many items at most. */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => wholeNumberIn(value))
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(100)
  limit: number = DEFAULT_PAGE_SIZE;

  /** The `next_cursor` of the page before. */
  @IsOptional()
  @IsText({ max: 200 })
  cursor?: string;
}
