import { PasskeyRefusedError } from '../passkeys.errors.js';
import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../../common/http/api-errors.decorator.js';
import { Public } from '../../../common/http/public.decorator.js';
import { Client, type ClientInfo } from '../../client-info.decorator.js';
import { ApiLoginCookies } from '../../web/api-cookies.decorator.js';
import { Cookies, type BrowserCookies } from '../../web/browser-cookies.js';
import { OwnPageGuard } from '../../web/own-page.guard.js';
import { WebTokensResponse } from '../../web/web-auth.dto.js';
import { WebAuthService } from '../../web/web-auth.service.js';
import { LoginOptionsResponse } from './login-options.response.dto.js';
import { ApiPasskeyName, ApiUsedPasskey } from './passkey-login.decorators.js';
import { PasskeyLoginOptionsRequest, PasskeyLoginRequest } from './passkey-login.dto.js';
import { PasskeyLoginService } from './passkey-login.service.js';

@ApiTags('Browsers')
@UseGuards(OwnPageGuard)
@Controller('auth/web/passkeys/login')
export class WebPasskeyLoginController {
  constructor(
    private readonly web: WebAuthService,
    private readonly logins: PasskeyLoginService,
  ) {}

  /** Answers a page of this service what a passkey has to sign, with a name or without one. */
  @Public()
  @ApiPasskeyName()
  @ApiAnswer('Options for `navigator.credentials.get`.')
  @HttpCode(200)
  @ApiErrors('CSRF_FAILED', 'PASSKEYS_UNAVAILABLE')
  @Post('options')
  offer(@Body() request: PasskeyLoginOptionsRequest): Promise<LoginOptionsResponse> {
    return this.logins.offer(request);
  }

  /** Logs a page of this service in with a passkey: the refresh token becomes a cookie that no script can read. */
  @Public()
  @ApiUsedPasskey()
  @ApiAnswer('The access token of a new session, and its cookies.')
  @ApiLoginCookies()
  @HttpCode(200)
  @ApiErrors(new PasskeyRefusedError(), 'CSRF_FAILED', 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY')
  @Post('verify')
  logIn(
    @Body() request: PasskeyLoginRequest,
    @Client() client: ClientInfo,
    @Cookies() cookies: BrowserCookies,
  ): Promise<WebTokensResponse> {
    return this.web.begin(client, cookies, (known) => this.logins.logIn(request, known));
  }
}
