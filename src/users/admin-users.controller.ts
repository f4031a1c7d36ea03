import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../common/http/api-errors.decorator.js';
import { IdParam } from '../common/http/id-param.pipe.js';
import { MessageResponse } from '../common/http/message.response.dto.js';
import { Roles } from '../common/http/roles.decorator.js';
import { ListUsersQuery, UpdateUserRequest } from './admin-users.dto.js';
import { AdminUsersService } from './admin-users.service.js';
import { UserPage, UserResponse } from './user.response.dto.js';

const UserId = () => Param('id', new IdParam('USER_NOT_FOUND', 'user'));

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/users')
export class AdminUsersController {
  constructor(private readonly users: AdminUsersService) {}

  /** Lists accounts, newest first. */
  @Get()
  list(@Query() query: ListUsersQuery): Promise<UserPage> {
    return this.users.list(query);
  }

  /** Shows one account. */
  @ApiErrors('USER_NOT_FOUND')
  @Get(':id')
  get(@UserId() id: number): Promise<UserResponse> {
    return this.users.get(id);
  }

  /** Changes a role, or disables and enables an account. The last active admin stays one. */
  @ApiErrors('USER_NOT_FOUND', 'LAST_ADMIN')
  @Patch(':id')
  update(@UserId() id: number, @Body() changes: UpdateUserRequest): Promise<UserResponse> {
    return this.users.update(id, changes);
  }

  /** Ends every session of an account. */
  @ApiErrors('USER_NOT_FOUND')
  @Post(':id/logout-all')
  @HttpCode(200)
  async logOutEverywhere(@UserId() id: number): Promise<MessageResponse> {
    await this.users.logOutEverywhere(id);
    return { message: 'Every session of this account has ended.' };
  }
}
