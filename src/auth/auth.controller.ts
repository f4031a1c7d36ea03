import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiConsumes, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../common/http/api-errors.decorator.js';
import { CurrentUser } from '../common/http/current-user.decorator.js';
import { MessageResponse } from '../common/http/message.response.dto.js';
import type { Principal } from '../common/http/principal.js';
import { Public } from '../common/http/public.decorator.js';
import { UserResponse } from '../users/user.response.dto.js';
import { AccountsService } from './accounts.service.js';
import { ChangePasswordRequest, LoginRequest, LoginResponse, RegisterRequest } from './auth.dto.js';
import { Client, type ClientInfo } from './client-info.decorator.js';
import { LogInService } from './log-in.service.js';

@ApiTags('Users')
@Controller('users')
export class AuthController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly logins: LogInService,
  ) {}

  /** Makes an account. */
  @Public()
  @ApiErrors('USER_EXISTS', 'WEAK_PASSWORD', 'BUSY')
  @Post('register')
  register(@Body() request: RegisterRequest): Promise<UserResponse> {
    return this.accounts.register(request);
  }

  /** Logs in with JSON, or with the OAuth2 password form that the Authorize button sends. */
  @Public()
  @ApiConsumes('application/json', 'application/x-www-form-urlencoded')
  @HttpCode(200)
  @ApiErrors('INVALID_CREDENTIALS', 'BUSY')
  @Post('login')
  logIn(@Body() request: LoginRequest, @Client() client: ClientInfo): Promise<LoginResponse> {
    return this.logins.logIn(request, client);
  }

  /** Ends this session; its tokens are refused at once. */
  @HttpCode(200)
  @Post('logout')
  async logOut(@CurrentUser() user: Principal): Promise<MessageResponse> {
    await this.accounts.logOut(user);
    return { message: 'Logged out.' };
  }

  /** Changes my password and ends every other session of mine. */
  @HttpCode(200)
  @ApiErrors('INVALID_CREDENTIALS', 'WEAK_PASSWORD', 'BUSY')
  @Post('change-password')
  async changePassword(
    @CurrentUser() user: Principal,
    @Body() request: ChangePasswordRequest,
  ): Promise<MessageResponse> {
    await this.accounts.changePassword(user, request);
    return { message: 'Password changed; every other session has ended.' };
  }
}
