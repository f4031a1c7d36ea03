import { Body, Controller, Delete, Get, HttpCode, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../common/http/api-errors.decorator.js';
import { CurrentUser } from '../common/http/current-user.decorator.js';
import type { Principal } from '../common/http/principal.js';
import { UpdateProfileRequest } from './update-profile.dto.js';
import { UserInfoResponse, UserResponse } from './user.response.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Who I am, and which session this is. */
  @Get('info')
  info(@CurrentUser() user: Principal): UserInfoResponse {
    return this.users.info(user);
  }

  /** Changes my name or username. */
  @ApiErrors('USER_EXISTS', 'EMAIL_CHANGE_UNAVAILABLE')
  @Patch()
  update(@CurrentUser() user: Principal, @Body() changes: UpdateProfileRequest): Promise<UserResponse> {
    return this.users.updateProfile(user, changes);
  }

  /** Deletes my account, my sessions and my notes. Votes that I cast stay counted. */
  @ApiErrors('REAUTHENTICATION_REQUIRED', 'LAST_ADMIN')
  @Delete()
  @HttpCode(204)
  delete(@CurrentUser() user: Principal): Promise<void> {
    return this.users.deleteOwn(user);
  }
}
