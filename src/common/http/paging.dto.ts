import { IsOptional } from 'class-validator';
import { EmptyIsAbsent } from './empty-is-absent.decorator.js';
import { QueryInteger } from './query-integer.decorator.js';
import { IsText } from './text.decorator.js';

const DEFAULT_PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;

/** `?limit=` and `?cursor=` of every list. */
export class PagingQuery {
  /**
   * How many items at most.
   * @example 20
   */
  @QueryInteger(1, MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE)
  limit: number = DEFAULT_PAGE_SIZE;

  /**
   * The `next_cursor` of the page before.
   * @example "Wzdd"
   */
  @IsOptional()
  @EmptyIsAbsent()
  @IsText({ max: 200 })
  cursor?: string;
}
