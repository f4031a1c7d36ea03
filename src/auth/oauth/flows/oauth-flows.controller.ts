import { Body, Controller, Get, HttpCode, Param, Post, Query, Redirect, Req } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiAnswer } from '../../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../../common/http/api-errors.decorator.js';
import { ApiRedirect } from '../../../common/http/api-redirect.decorator.js';
import { CurrentUser } from '../../../common/http/current-user.decorator.js';
import type { Principal } from '../../../common/http/principal.js';
import { Public } from '../../../common/http/public.decorator.js';
import { ApiSetsCookies } from '../../web/api-cookies.decorator.js';
import { Cookies, OAUTH_COOKIE, type BrowserCookies } from '../../web/browser-cookies.js';
import { BeginFlowService } from './begin-flow.service.js';
import { FinishFlowService } from './finish-flow.service.js';
import { LinkRequest, LinkResponse, OAuthProviderList, StartQuery } from './oauth-flows.dto.js';

const ApiProvider = () =>
  ApiParam({ name: 'provider', description: 'The name of a provider.', example: 'google' });

@ApiTags('Social login')
@Controller('auth/oauth')
export class OAuthFlowsController {
  constructor(
    private readonly begins: BeginFlowService,
    private readonly ends: FinishFlowService,
  ) {}

  /** Lists the providers that people can log in with. */
  @Public()
  @ApiAnswer('The providers, in the order in which to show them.')
  @Get('providers')
  list(): OAuthProviderList {
    return this.begins.list();
  }

  /** Sends this browser to a provider to log in. It comes back to `redirect_uri` with a `code`, or with an `error`. */
  @Public()
  @ApiProvider()
  @ApiRedirect(
    'To the provider; where that does not answer, back with an error.',
    'https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=…',
  )
  @ApiErrors('OAUTH_PROVIDER_NOT_FOUND', 'REDIRECT_URI_NOT_ALLOWED')
  @ApiSetsCookies({ 302: { kept: [OAUTH_COOKIE] } })
  @Redirect()
  @Get(':provider/start')
  async start(
    @Param('provider') provider: string,
    @Query() query: StartQuery,
    @Cookies() cookies: BrowserCookies,
  ): Promise<{ url: string }> {
    return { url: await this.begins.begin(provider, query, cookies) };
  }

  /** Where a provider sends this browser back to. */
  @Public()
  @ApiProvider()
  @ApiRedirect(
    'To the `redirect_uri` of the start, with a `code`, or with an `error` and `error_description`.',
    'https://vote.example.com/signed-in?code=mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M',
  )
  @ApiErrors('OAUTH_PROVIDER_NOT_FOUND', 'OAUTH_STATE_INVALID')
  @Redirect()
  @Get(':provider/callback')
  async finish(
    @Param('provider') provider: string,
    @Req() { url }: FastifyRequest,
    @Cookies() cookies: BrowserCookies,
  ): Promise<{ url: string }> {
    return { url: await this.ends.finish(provider, queryOf(url), cookies) };
  }

  /** Answers where my browser goes to link a provider with my account. Needs a login within the last 15 minutes. */
  @ApiProvider()
  @ApiBody({
    type: LinkRequest,
    examples: {
      link: {
        summary: 'From a page of a client',
        value: {
          redirect_uri: 'https://vote.example.com/signed-in',
          code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        },
      },
    },
  })
  @ApiAnswer('The address that the browser has to open.')
  @HttpCode(200)
  @ApiErrors('OAUTH_PROVIDER_NOT_FOUND', 'REDIRECT_URI_NOT_ALLOWED', 'REAUTHENTICATION_REQUIRED')
  @Post(':provider/link')
  link(
    @CurrentUser() user: Principal,
    @Param('provider') provider: string,
    @Body() request: LinkRequest,
  ): LinkResponse {
    return this.begins.linkUrl(user, provider, request);
  }
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1);
}
