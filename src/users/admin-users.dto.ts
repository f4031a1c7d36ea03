import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, ValidateIf } from 'class-validator';
import { PagingQuery } from '../common/http/paging.dto.js';
import { ROLES, type Role } from '../common/http/principal.js';
import { IsText } from '../common/http/text.decorator.js';
import { ApiProperty } from '@nestjs/swagger';

export class ListUsersQuery extends PagingQuery {
  /** A part of the name, e-mail address or username. */
  @IsOptional()
  @IsText({ max: 254 })
  q?: string;

  @IsOptional()
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES })
  role?: Role;

  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean({ message: 'must be true or false' })
  is_active?: boolean;
}

export class UpdateUserRequest {
  @ValidateIf((_, value) => value !== undefined)
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES })
  role?: Role;

  @ValidateIf((_, value) => value !== undefined)
  @IsBoolean({ message: 'must be true or false' })
  is_active?: boolean;
}
