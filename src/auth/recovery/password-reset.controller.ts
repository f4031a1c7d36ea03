import { MailedCodeInvalidError } from '../codes/codes.errors.js';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { MessageResponse } from '../../common/http/message.response.dto.js';
import { Public } from '../../common/http/public.decorator.js';
import { Client, type ClientInfo } from '../client-info.decorator.js';
import { ConfirmResetService } from './confirm-reset.service.js';
import { ConfirmResetRequest, RequestResetRequest } from './password-reset.dto.js';
import { RequestResetService } from './request-reset.service.js';

@ApiTags('Recovery')
@Controller('auth/password-reset')
export class PasswordResetController {
  constructor(
    private readonly requests: RequestResetService,
    private readonly resets: ConfirmResetService,
  ) {}

  /** Mails a code to set a new password, if there is an account with this address. The answer never tells. */
  @Public()
  @ApiBody({
    type: RequestResetRequest,
    examples: { forgotten: { summary: 'A forgotten password', value: { email: 'ada@example.com' } } },
  })
  @ApiAnswer('A code is on its way to this address, if an account has it.')
  @ApiErrors('RATE_LIMITED', 'MAIL_UNAVAILABLE')
  @HttpCode(202)
  @Post('request')
  request(@Body() { email }: RequestResetRequest, @Client() client: ClientInfo): Promise<MessageResponse> {
    return this.requests.request(email, client);
  }

  /** Sets a new password, or the first one, with the code that was mailed. Every session ends; this logs nobody in. */
  @Public()
  @ApiBody({
    type: ConfirmResetRequest,
    examples: {
      code: {
        summary: 'The code of the mail',
        value: {
          email: 'ada@example.com',
          code: '04719283',
          new_password: 'seven lanterns over a quiet harbour',
        },
      },
    },
  })
  @ApiAnswer('The password is set; log in with it.')
  @ApiErrors(new MailedCodeInvalidError(), 'WEAK_PASSWORD', 'RATE_LIMITED', 'BUSY')
  @HttpCode(200)
  @Post('confirm')
  confirm(@Body() request: ConfirmResetRequest, @Client() client: ClientInfo): Promise<MessageResponse> {
    return this.resets.confirm(request, client);
  }
}
