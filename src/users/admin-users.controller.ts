import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../common/http/api-answer.decorator.js';
import { ApiErrors } from '../common/http/api-errors.decorator.js';
import { IdParam } from '../common/http/id-param.pipe.js';
import { MessageResponse } from '../common/http/message.response.dto.js';
import { Roles } from '../common/http/roles.decorator.js';
import { ListUsersQuery, UpdateUserRequest } from './admin-users.dto.js';
import { AdminUsersService } from './admin-users.service.js';
import { UserPage, UserResponse } from './user.response.dto.js';

const UserId = () => Param('id', new IdParam('USER_NOT_FOUND', 'user'));
const ApiUserId = () => ApiParam({ name: 'id', description: 'The id of the account.', example: 42 });

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/users')
export class AdminUsersController {
  constructor(private readonly users: AdminUsersService) {}

  /** Lists accounts, newest first. */
  @ApiAnswer('A page of accounts.')
  @Get()
  list(@Query() query: ListUsersQuery): Promise<UserPage> {
    return this.users.list(query);
  }

  /** Shows one account. */
  @ApiUserId()
  @ApiAnswer('The account.')
  @ApiErrors('USER_NOT_FOUND')
  @Get(':id')
  get(@UserId() id: number): Promise<UserResponse> {
    return this.users.get(id);
  }

  /** Changes a role, or disables and enables an account. The last active admin stays one. */
  @ApiUserId()
  @ApiBody({
    type: UpdateUserRequest,
    examples: {
      role: { summary: 'Make it an admin', value: { role: 'admin' } },
      disable: { summary: 'Disable it', value: { is_active: false } },
      enable: { summary: 'Enable it again', value: { is_active: true } },
    },
  })
  @ApiAnswer('The account as it is now.')
  @ApiErrors('USER_NOT_FOUND', 'LAST_ADMIN')
  @Patch(':id')
  update(@UserId() id: number, @Body() changes: UpdateUserRequest): Promise<UserResponse> {
    return this.users.update(id, changes);
  }

  /** Ends every session of an account. */
  @ApiUserId()
  @ApiAnswer('Every session has ended.')
  @ApiErrors('USER_NOT_FOUND')
  @Post(':id/logout-all')
  @HttpCode(200)
  async logOutEverywhere(@UserId() id: number): Promise<MessageResponse> {
    await this.users.logOutEverywhere(id);
    return { message: 'Every session of this account has ended.' };
  }
}
