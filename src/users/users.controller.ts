import { Body, Controller, Delete, Get, HttpCode, Patch } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../common/http/api-answer.decorator.js';
import { ApiErrors } from '../common/http/api-errors.decorator.js';
import { CurrentUser } from '../common/http/current-user.decorator.js';
import type { Principal } from '../common/http/principal.js';
import { WithoutSecondFactor } from '../common/http/without-second-factor.decorator.js';
import { UpdateProfileRequest } from './update-profile.dto.js';
import { UserInfoResponse, UserResponse } from './user.response.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Who I am, and which session this is. */
  @WithoutSecondFactor()
  @ApiAnswer('The account and the session of the token.')
  @Get('info')
  info(@CurrentUser() user: Principal): UserInfoResponse {
    return this.users.info(user);
  }

  /**
   * Changes my name or username. Another e-mail address needs a login within the last 15 minutes, and takes effect when
   * the code that is mailed there is confirmed.
   */
  @ApiBody({
    type: UpdateProfileRequest,
    examples: {
      both: { summary: 'Another name and username', value: { name: 'Ada King', username: 'ada.king' } },
      email: { summary: 'Another e-mail address', value: { email: 'ada.king@example.com' } },
      noUsername: { summary: 'Give the username up', value: { username: null } },
    },
  })
  @ApiAnswer('The account as it is now.')
  @ApiErrors(
    'USER_EXISTS',
    'EMAIL_CHANGE_UNAVAILABLE',
    'EMAIL_DOMAIN_NOT_ALLOWED',
    'REAUTHENTICATION_REQUIRED',
    'RATE_LIMITED',
  )
  @Patch()
  update(@CurrentUser() user: Principal, @Body() changes: UpdateProfileRequest): Promise<UserResponse> {
    return this.users.updateProfile(user, changes);
  }

  /** Deletes my account, my sessions and my notes. Votes that I cast stay counted. */
  @ApiAnswer('The account is gone.')
  @ApiErrors('REAUTHENTICATION_REQUIRED', 'LAST_ADMIN')
  @Delete()
  @HttpCode(204)
  delete(@CurrentUser() user: Principal): Promise<void> {
    return this.users.deleteOwn(user);
  }
}
