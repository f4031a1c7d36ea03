import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { EmptyIsAbsent } from '../../common/http/empty-is-absent.decorator.js';
import { PagingQuery } from '../../common/http/paging.dto.js';
import { QueryInteger } from '../../common/http/query-integer.decorator.js';
import { QueryMoment } from '../../common/http/query-moment.decorator.js';

export class ListAuditQuery extends PagingQuery {
  /**
   * Only what this account did.
   * @example 42
   */
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  actor?: number;

  /**
   * Only what happened to this account.
   * @example 42
   */
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  subject?: number;

  /** Only events of this kind. */
  @IsOptional()
  @EmptyIsAbsent()
  @Matches(/^[a-z_]{1,64}$/, { message: 'must be the name of a kind of event' })
  @ApiProperty({ example: 'authn_login_success' })
  action?: string;

  /** From this moment on. */
  @QueryMoment()
  from?: Date;

  /** Before this moment. */
  @QueryMoment()
  to?: Date;
}

export class ExportAuditQuery {
  /** Only batches with entries from this moment on. */
  @QueryMoment()
  from?: Date;

  /** Only batches with entries before this moment. */
  @QueryMoment()
  to?: Date;
}
