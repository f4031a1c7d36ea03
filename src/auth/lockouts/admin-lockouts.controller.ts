import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { IdParam } from '../../common/http/id-param.pipe.js';
import { MessageResponse } from '../../common/http/message.response.dto.js';
import { Roles } from '../../common/http/roles.decorator.js';
import { UnlockService } from './unlock.service.js';

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/users')
export class AdminLockoutsController {
  constructor(private readonly unlocks: UnlockService) {}

  /** Ends the lockouts of an account and forgets its failed logins. Locks of addresses stay. */
  @ApiParam({ name: 'id', description: 'The id of the account.', example: 42 })
  @ApiAnswer('The account is not locked out any more.')
  @ApiErrors('USER_NOT_FOUND')
  @Post(':id/unlock')
  @HttpCode(200)
  async unlock(@Param('id', new IdParam('USER_NOT_FOUND', 'user')) id: number): Promise<MessageResponse> {
    await this.unlocks.unlock(id);
    return { message: 'This account is not locked out any more.' };
  }
}
