import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { Type } from 'class-transformer';
import { IsText } from './text.decorator.js';

export const DEFAULT_PAGE_SIZE = 20;

/** `?limit=` and `?cursor=` of every list. */
export class PagingQuery {
  /** How many items at most. */
  @IsOptional()
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(100)
  limit: number = DEFAULT_PAGE_SIZE;

  /** The `next_cursor` of the page before. */
  @IsOptional()
  @IsText({ max: 200 })
  cursor?: string;
}
