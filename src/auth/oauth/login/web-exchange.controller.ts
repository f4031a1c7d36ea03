import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../../common/http/api-answer.decorator.js';
import { ApiOneOf } from '../../../common/http/api-one-of.decorator.js';
import { Public } from '../../../common/http/public.decorator.js';
import { Client, type ClientInfo } from '../../client-info.decorator.js';
import { MfaRequiredResponse } from '../../mfa/mfa.dto.js';
import { ApiLoginCookies } from '../../web/api-cookies.decorator.js';
import { Cookies, type BrowserCookies } from '../../web/browser-cookies.js';
import { OwnPageGuard } from '../../web/own-page.guard.js';
import { WebTokensResponse } from '../../web/web-auth.dto.js';
import { WebAuthService } from '../../web/web-auth.service.js';
import { ExchangeRequest } from '../codes/oauth-codes.dto.js';
import { ApiExchange, ApiExchangeErrors } from './exchange.decorators.js';
import { ExchangeService } from './exchange.service.js';

@ApiTags('Browsers')
@UseGuards(OwnPageGuard)
@Controller('auth/web')
export class WebExchangeController {
  constructor(
    private readonly web: WebAuthService,
    private readonly exchanges: ExchangeService,
  ) {}

  /** Logs a page of this service in with the code that its browser came back with: cookies as for a login. */
  @Public()
  @ApiExchange()
  @ApiAnswer(
    'The access token of a new session, and its cookies; or, where the account has a second factor, what to complete the login with.',
  )
  @ApiOneOf(WebTokensResponse, MfaRequiredResponse)
  @ApiLoginCookies()
  @HttpCode(200)
  @ApiExchangeErrors('CSRF_FAILED')
  @Post('exchange')
  exchange(
    @Body() request: ExchangeRequest,
    @Client() client: ClientInfo,
    @Cookies() cookies: BrowserCookies,
  ): Promise<WebTokensResponse | MfaRequiredResponse> {
    return this.web.beginOrWait(client, cookies, (known) => this.exchanges.exchange(request, 'web', known));
  }
}
