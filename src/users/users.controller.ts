import { Body, Controller, Delete, Get, HttpCode, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentUser } from '../common/http/current-user.decorator.js';
import type { Principal } from '../common/http/principal.js';
import { UpdateProfileRequest } from './update-profile.dto.js';
import { UserInfoResponse, UserResponse } from './user.response.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@ApiBearerAuth()
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Who I am, and which session this is. */
  @Get('info')
  info(@CurrentUser() user: Principal): UserInfoResponse {
    return this.users.info(user);
  }

  /** Changes my name or username. */
  @Patch()
  update(@CurrentUser() user: Principal, @Body() changes: UpdateProfileRequest): Promise<UserResponse> {
    return this.users.updateProfile(user, changes);
  }

  /** Deletes my account, my sessions and my notes. Votes that I cast stay counted. */
  @Delete()
  @HttpCode(204)
  delete(@CurrentUser() user: Principal): Promise<void> {
    return this.users.deleteOwn(user);
  }
}
