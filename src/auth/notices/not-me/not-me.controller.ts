import { LinkInvalidError } from './not-me.errors.js';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../../common/http/api-errors.decorator.js';
import { MessageResponse } from '../../../common/http/message.response.dto.js';
import { Public } from '../../../common/http/public.decorator.js';
import { DisownLoginService } from './disown-login.service.js';
import { NotMeRequest } from './not-me.dto.js';

@ApiTags('Recovery')
@Controller('auth/not-me')
export class NotMeController {
  constructor(private readonly logins: DisownLoginService) {}

  /**
   * Says that a login was not mine, with the link of the mail about it. Every session ends, the device is forgotten, and
   * the password is removed: set a new one by resetting it. Opening the link alone does nothing.
   */
  @Public()
  @ApiBody({
    type: NotMeRequest,
    examples: {
      link: {
        summary: 'What the link carries',
        value: { token: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M' },
      },
    },
  })
  @ApiAnswer('Nobody is logged in any more.')
  @ApiErrors(new LinkInvalidError())
  @HttpCode(200)
  @Post()
  disown(@Body() { token }: NotMeRequest): Promise<MessageResponse> {
    return this.logins.disown(token);
  }
}
