import { RevertLinkInvalidError } from './email.errors.js';
import { MailedCodeInvalidError } from '../codes/codes.errors.js';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import { MessageResponse } from '../../common/http/message.response.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { Public } from '../../common/http/public.decorator.js';
import { UserResponse } from '../../users/user.response.dto.js';
import { ChangeEmailService } from './change-email.service.js';
import { EmailCodeRequest, RevertEmailRequest } from './email.dto.js';
import { RevertEmailService } from './revert-email.service.js';
import { VerifyEmailService } from './verify-email.service.js';

const ApiEmailCode = () =>
  ApiBody({
    type: EmailCodeRequest,
    examples: { code: { summary: 'The code of the mail', value: { code: '04719283' } } },
  });

@ApiTags('Recovery')
@Controller('auth/email')
export class EmailController {
  constructor(
    private readonly verification: VerifyEmailService,
    private readonly changes: ChangeEmailService,
    private readonly reverts: RevertEmailService,
  ) {}

  /** Verifies my e-mail address with the code that was mailed there. */
  @ApiEmailCode()
  @ApiAnswer('The account, its address verified.')
  @ApiErrors(new MailedCodeInvalidError())
  @HttpCode(200)
  @Post('verify')
  verify(@CurrentUser() user: Principal, @Body() { code }: EmailCodeRequest): Promise<UserResponse> {
    return this.verification.verify(user, code);
  }

  /** Mails another code: to the address that I am moving to, or else to mine if it is not verified. The former one is void. */
  @ApiAnswer('Another code is on its way.')
  @ApiErrors('EMAIL_VERIFIED', 'MAIL_UNAVAILABLE', 'RATE_LIMITED')
  @HttpCode(202)
  @Post('resend')
  resend(@CurrentUser() user: Principal): Promise<MessageResponse> {
    return this.verification.resend(user);
  }

  /** Moves my account to the address of `pending_email`, with the code that was mailed there. */
  @ApiEmailCode()
  @ApiAnswer('The account with its new address.')
  @ApiErrors(new MailedCodeInvalidError(), 'USER_EXISTS')
  @HttpCode(200)
  @Post('confirm-change')
  confirmChange(@CurrentUser() user: Principal, @Body() { code }: EmailCodeRequest): Promise<UserResponse> {
    return this.changes.confirm(user, code);
  }

  /**
   * Takes an account back to an address that it has left, with the link that was mailed there. Every session ends, and
   * the password is removed: set a new one by resetting it.
   */
  @Public()
  @ApiBody({
    type: RevertEmailRequest,
    examples: {
      link: {
        summary: 'What the link carries',
        value: { token: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M' },
      },
    },
  })
  @ApiAnswer('The account has its former address again.')
  @ApiErrors(new RevertLinkInvalidError())
  @HttpCode(200)
  @Post('revert')
  revert(@Body() { token }: RevertEmailRequest): Promise<MessageResponse> {
    return this.reverts.revert(token);
  }
}
