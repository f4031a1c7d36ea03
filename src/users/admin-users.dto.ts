import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { EmptyIsAbsent } from '../common/http/empty-is-absent.decorator.js';
import { IfGiven } from '../common/http/if-given.decorator.js';
import { PagingQuery } from '../common/http/paging.dto.js';
import { ROLES, type Role } from '../common/http/principal.js';
import { IsText } from '../common/http/text.decorator.js';
import { ApiProperty } from '@nestjs/swagger';

export class ListUsersQuery extends PagingQuery {
  /**
   * A part of the name, e-mail address or username.
   * @example "ada"
   */
  @IsOptional()
  @EmptyIsAbsent()
  @IsText({ max: 254 })
  q?: string;

  /** Only accounts with this role. */
  @IsOptional()
  @EmptyIsAbsent()
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES, example: 'admin' })
  role?: Role;

  /**
   * Only accounts that are active, or only those that are disabled.
   * @example true
   */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => readFlag(value))
  @IsBoolean({ message: 'must be true or false' })
  is_active?: boolean;
}

export class UpdateUserRequest {
  @IfGiven()
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES, example: 'admin' })
  role?: Role;

  /**
   * False disables the account: it cannot log in, and its sessions end.
   * @example true
   */
  @IfGiven()
  @IsBoolean({ message: 'must be true or false' })
  is_active?: boolean;
}

/** What a query says of a flag; anything but `true`, `false` and nothing is left for the check to refuse. */
function readFlag(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value === '' ? undefined : value;
}
