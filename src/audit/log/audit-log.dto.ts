import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { EmptyIsAbsent } from '../../common/http/empty-is-absent.decorator.js';
import { PagingQuery } from '../../common/http/paging.dto.js';
import { QueryInteger } from '../../common/http/query-integer.decorator.js';
import { QueryMoment } from '../../common/http/query-moment.decorator.js';
import { AUDIT_EVENT_TYPES, type AuditEventType } from '../audit-event-types.js';

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
  @IsIn(AUDIT_EVENT_TYPES)
  @ApiProperty({ enum: AUDIT_EVENT_TYPES, example: 'authn_login_success' })
  action?: AuditEventType;

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
