import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../../common/http/api-answer.decorator.js';
import { ApiOneOf } from '../../../common/http/api-one-of.decorator.js';
import { Public } from '../../../common/http/public.decorator.js';
import { LoginResponse, toLoginAnswer } from '../../auth.dto.js';
import { Client, type ClientInfo } from '../../client-info.decorator.js';
import { MfaRequiredResponse } from '../../mfa/mfa.dto.js';
import { ExchangeRequest } from '../codes/oauth-codes.dto.js';
import { ApiExchange, ApiExchangeErrors } from './exchange.decorators.js';
import { ExchangeService } from './exchange.service.js';

@ApiTags('Social login')
@Controller('auth/oauth')
export class ExchangeController {
  constructor(private readonly exchanges: ExchangeService) {}

  /** Logs in with the code that a browser came back with. A first login makes an account. */
  @Public()
  @ApiExchange()
  @ApiAnswer(
    'The tokens of a new session; or, where the account has a second factor, what to complete the login with.',
  )
  @ApiOneOf(LoginResponse, MfaRequiredResponse)
  @HttpCode(200)
  @ApiHeader({
    name: 'X-Device-Token',
    required: false,
    description: 'The `device_token` that an earlier login on this device answered.',
    example: 'cP0vN8yQx2LkRz6sWtB1mJ4hG7dF9aE3uI5oTqXnVbY',
  })
  @ApiExchangeErrors()
  @Post('exchange')
  async exchange(
    @Body() request: ExchangeRequest,
    @Client() client: ClientInfo,
  ): Promise<LoginResponse | MfaRequiredResponse> {
    return toLoginAnswer(await this.exchanges.exchange(request, 'bearer', client), false);
  }
}
