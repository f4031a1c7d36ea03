import { CodeInvalidError } from '../mfa/mfa.errors.js';
import { Body, Controller, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { ApiOneOf } from '../../common/http/api-one-of.decorator.js';
import { MessageResponse } from '../../common/http/message.response.dto.js';
import { Public } from '../../common/http/public.decorator.js';
import { Client, type ClientInfo } from '../client-info.decorator.js';
import { ApiCompleteLogin } from '../mfa/api-complete-login.decorator.js';
import { CompleteLoginRequest, MfaRequiredResponse } from '../mfa/mfa.dto.js';
import { ApiLoginCookies, ApiSetsCookies } from './api-cookies.decorator.js';
import { Cookies, CSRF_COOKIE, REFRESH_COOKIE, type BrowserCookies } from './browser-cookies.js';
import { CurrentBrowserSession, type BrowserSession } from './browser-session.js';
import { NeedsBrowserSession } from './needs-browser-session.decorator.js';
import { OwnPageGuard } from './own-page.guard.js';
import { WebLoginRequest, WebTokensResponse } from './web-auth.dto.js';
import { WebAuthService } from './web-auth.service.js';

const PASSWORD = 'a curious otter sings at dawn';
const SESSION_COOKIES = [REFRESH_COOKIE, CSRF_COOKIE] as const;
const CLEAR_STORAGE = '"storage"';
const CLEAR_SITE_DATA = {
  'Clear-Site-Data': {
    description: 'Deletes what pages of the service have stored.',
    schema: { type: 'string' as const, example: CLEAR_STORAGE },
  },
};

@ApiTags('Browsers')
@UseGuards(OwnPageGuard)
@Controller('auth/web')
export class WebAuthController {
  constructor(private readonly web: WebAuthService) {}

  /** Logs a page of this service in: the refresh token becomes a cookie that no script can read. */
  @Public()
  @ApiBody({
    type: WebLoginRequest,
    examples: {
      email: { summary: 'By e-mail address', value: { email: 'ada@example.com', password: PASSWORD } },
      username: { summary: 'By username', value: { username: 'ada', password: PASSWORD } },
    },
  })
  @ApiAnswer(
    'The access token of a new session, and its cookies; or, where the account has a second factor, what to complete the login with.',
  )
  @ApiOneOf(WebTokensResponse, MfaRequiredResponse)
  @ApiLoginCookies()
  @HttpCode(200)
  @ApiErrors('INVALID_CREDENTIALS', 'CSRF_FAILED', 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY')
  @Post('login')
  logIn(
    @Body() request: WebLoginRequest,
    @Client() client: ClientInfo,
    @Cookies() cookies: BrowserCookies,
  ): Promise<WebTokensResponse | MfaRequiredResponse> {
    return this.web.logIn(request, client, cookies);
  }

  /** Completes the login of a page of this service with a second factor. */
  @Public()
  @ApiCompleteLogin()
  @ApiAnswer('The access token of a new session, and its cookies.')
  @ApiLoginCookies()
  @HttpCode(200)
  @ApiErrors('MFA_TOKEN_INVALID', new CodeInvalidError(), 'CSRF_FAILED', 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY')
  @Post('mfa')
  completeLogin(
    @Body() request: CompleteLoginRequest,
    @Client() client: ClientInfo,
    @Cookies() cookies: BrowserCookies,
  ): Promise<WebTokensResponse> {
    return this.web.completeLogin(request, client, cookies);
  }

  /** Renews the access token and the cookies. */
  @NeedsBrowserSession()
  @ApiAnswer('Another access token of the same session; the cookies are renewed.')
  @ApiSetsCookies({ 200: { kept: SESSION_COOKIES }, 401: { cleared: SESSION_COOKIES } })
  @HttpCode(200)
  @ApiErrors('CSRF_FAILED')
  @Post('refresh')
  refresh(
    @CurrentBrowserSession() session: BrowserSession,
    @Client() client: ClientInfo,
    @Cookies() cookies: BrowserCookies,
  ): Promise<WebTokensResponse> {
    return this.web.refresh(session, client, cookies);
  }

  /** Ends the session of this browser; its tokens are refused at once, and what pages have stored is deleted. */
  @NeedsBrowserSession()
  @ApiAnswer('The session has ended.')
  @ApiSetsCookies({ 200: { cleared: SESSION_COOKIES }, 401: { cleared: SESSION_COOKIES } })
  @ApiOkResponse({ type: MessageResponse, headers: CLEAR_SITE_DATA })
  @HttpCode(200)
  // Not "cookies": that would take the cookie of a known device and those of neighbours under the same domain.
  @Header('Clear-Site-Data', CLEAR_STORAGE)
  @ApiErrors('CSRF_FAILED')
  @Post('logout')
  async logOut(
    @CurrentBrowserSession() session: BrowserSession,
    @Cookies() cookies: BrowserCookies,
  ): Promise<MessageResponse> {
    await this.web.logOut(session, cookies);
    return { message: 'Logged out.' };
  }
}
