import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import { UuidParam } from '../../common/http/id-param.pipe.js';
import { MessageResponse } from '../../common/http/message.response.dto.js';
import { PagingQuery } from '../../common/http/paging.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { Public } from '../../common/http/public.decorator.js';
import { WithoutSecondFactor } from '../../common/http/without-second-factor.decorator.js';
import { TokensResponse, toTokensResponse } from '../auth.dto.js';
import { Client, type ClientInfo } from '../client-info.decorator.js';
import { RefreshRequest, SessionPage } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

const ApiRefreshToken = () =>
  ApiBody({
    type: RefreshRequest,
    examples: {
      token: {
        summary: 'The refresh token of the last answer',
        value: { refresh_token: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M' },
      },
    },
  });

@ApiTags('Sessions')
@Controller('auth')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  /** Trades a refresh token for new tokens; it works once. */
  @Public()
  @ApiRefreshToken()
  @ApiAnswer('New tokens of the same session.')
  @HttpCode(200)
  @ApiErrors('UNAUTHENTICATED')
  @Post('refresh')
  async refresh(@Body() request: RefreshRequest, @Client() client: ClientInfo): Promise<TokensResponse> {
    return toTokensResponse(await this.sessions.refresh(request.refresh_token, client));
  }

  /** Ends the session of a refresh token. Also for one that is unknown or has ended: nothing is left of it. */
  @Public()
  @ApiRefreshToken()
  @ApiAnswer('The session has ended, if there was one.')
  @HttpCode(200)
  @Post('logout')
  async logOut(@Body() request: RefreshRequest): Promise<MessageResponse> {
    await this.sessions.logOut(request.refresh_token);
    return { message: 'Logged out.' };
  }

  /** Ends every session of mine, this one too. */
  @WithoutSecondFactor()
  @ApiAnswer('Every session has ended.')
  @HttpCode(200)
  @Post('logout-all')
  async logOutEverywhere(@CurrentUser() user: Principal): Promise<MessageResponse> {
    await this.sessions.logOutEverywhere(user);
    return { message: 'Every session has ended.' };
  }

  /** Lists my sessions that are alive, the newest login first. */
  @ApiAnswer('A page of sessions.')
  @Get('sessions')
  list(@CurrentUser() user: Principal, @Query() query: PagingQuery): Promise<SessionPage> {
    return this.sessions.list(user, query);
  }

  /** Ends one of my sessions; its tokens are refused at once. */
  @ApiParam({
    name: 'id',
    description: 'The id of the session.',
    example: '0b8e2c3e-6f0a-4c1b-9a3e-2d1f5b7a9c10',
  })
  @ApiAnswer('The session has ended.')
  @HttpCode(204)
  @ApiErrors('SESSION_NOT_FOUND')
  @Delete('sessions/:id')
  end(
    @CurrentUser() user: Principal,
    @Param('id', new UuidParam('SESSION_NOT_FOUND', 'session')) id: string,
  ): Promise<void> {
    return this.sessions.endOwn(user, id);
  }
}
