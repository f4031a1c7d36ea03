import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { EmptyIsAbsent } from '../../common/http/empty-is-absent.decorator.js';
import { IfGiven } from '../../common/http/if-given.decorator.js';
import { PagingQuery } from '../../common/http/paging.dto.js';
import { ROLES, type Role } from '../../common/http/principal.js';
import { IsEmailAddress } from '../../users/account-fields.decorator.js';
import { INVITATION_STATES, type InvitationState } from './invitations.repository.js';

const DEFAULT_HOURS = 7 * 24;
const MAX_HOURS = 30 * 24;

export class CreateInvitationRequest {
  /** Only this address may register with the invitation; needed for an admin's. */
  @IfGiven()
  @IsEmailAddress()
  email?: string;

  /** What the account becomes. */
  @IfGiven()
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES, example: 'user', required: false, default: 'user' })
  role: Role = 'user';

  /** Hours until nobody can register with it any more. */
  @IfGiven()
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(MAX_HOURS)
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: MAX_HOURS,
    example: 48,
    required: false,
    default: DEFAULT_HOURS,
  })
  expires_in_hours: number = DEFAULT_HOURS;
}

export class ListInvitationsQuery extends PagingQuery {
  /** Only invitations in this state. */
  @IsOptional()
  @EmptyIsAbsent()
  @IsIn(INVITATION_STATES)
  @ApiProperty({ enum: INVITATION_STATES, example: 'open' })
  state?: InvitationState;
}
