import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import { IdParam } from '../../common/http/id-param.pipe.js';
import { MessageResponse } from '../../common/http/message.response.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { Roles } from '../../common/http/roles.decorator.js';
import { ResetMfaService } from './reset-mfa.service.js';

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/users')
export class AdminMfaController {
  constructor(private readonly resets: ResetMfaService) {}

  /** Takes every second factor and passkey from an account that has lost them, and ends its sessions. Its password stays. */
  @ApiParam({ name: 'id', description: 'The id of the account.', example: 42 })
  @ApiAnswer('The account has neither second factor nor passkey any more.')
  @ApiErrors('USER_NOT_FOUND', 'REAUTHENTICATION_REQUIRED')
  @Post(':id/mfa-reset')
  @HttpCode(200)
  async reset(
    @CurrentUser() admin: Principal,
    @Param('id', new IdParam('USER_NOT_FOUND', 'user')) id: number,
  ): Promise<MessageResponse> {
    await this.resets.reset(admin, id);
    return { message: 'This account has neither second factor nor passkey any more.' };
  }
}
