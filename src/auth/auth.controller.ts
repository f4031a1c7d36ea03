import { WrongCurrentPasswordError } from './auth.errors.js';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../common/http/api-answer.decorator.js';
import { ApiErrors } from '../common/http/api-errors.decorator.js';
import { ApiForm } from '../common/http/api-form.decorator.js';
import { ApiOneOf } from '../common/http/api-one-of.decorator.js';
import { CurrentUser } from '../common/http/current-user.decorator.js';
import { MessageResponse } from '../common/http/message.response.dto.js';
import type { Principal } from '../common/http/principal.js';
import { Public } from '../common/http/public.decorator.js';
import { SentAsForm } from '../common/http/sent-as-form.decorator.js';
import { WithoutSecondFactor } from '../common/http/without-second-factor.decorator.js';
import { UserResponse } from '../users/user.response.dto.js';
import { AccountsService } from './accounts.service.js';
import {
  ChangePasswordRequest,
  LoginForm,
  LoginRequest,
  LoginResponse,
  RegisterRequest,
  toLoginAnswer,
} from './auth.dto.js';
import { Client, type ClientInfo } from './client-info.decorator.js';
import { LogInService } from './log-in.service.js';
import { MfaRequiredResponse } from './mfa/mfa.dto.js';
import { RegistrationService } from './registration/registration.service.js';

const PASSWORD = 'a curious otter sings at dawn';

@ApiTags('Users')
@Controller('users')
export class AuthController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly accounts: AccountsService,
    private readonly logins: LogInService,
  ) {}

  /** Makes an account. Where registration is not open, this needs an invitation. */
  @Public()
  @ApiBody({
    type: RegisterRequest,
    examples: {
      account: {
        summary: 'An account with a username',
        value: { name: 'Ada Lovelace', email: 'ada@example.com', username: 'ada', password: PASSWORD },
      },
      withoutUsername: {
        summary: 'An account without a username',
        value: { name: 'Ada Lovelace', email: 'ada@example.com', password: PASSWORD },
      },
      invited: {
        summary: 'An account by invitation',
        value: {
          name: 'Ada Lovelace',
          email: 'ada@example.com',
          password: PASSWORD,
          invitation: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M',
        },
      },
    },
  })
  @ApiAnswer('The new account.')
  @ApiErrors(
    'USER_EXISTS',
    'WEAK_PASSWORD',
    'REGISTRATION_CLOSED',
    'EMAIL_DOMAIN_NOT_ALLOWED',
    'INVITATION_INVALID',
    'BUSY',
  )
  @Post('register')
  register(@Body() request: RegisterRequest, @Client() client: ClientInfo): Promise<UserResponse> {
    return this.registration.register(request, client);
  }

  /** Logs in with JSON, or with the OAuth2 password form that the Authorize button sends. */
  @Public()
  @ApiBody({
    type: LoginRequest,
    examples: {
      email: { summary: 'By e-mail address', value: { email: 'ada@example.com', password: PASSWORD } },
      username: { summary: 'By username', value: { username: 'ada', password: PASSWORD } },
    },
  })
  @ApiForm(LoginForm, {
    password: {
      summary: 'The OAuth2 password form',
      value: { grant_type: 'password', username: 'ada', password: PASSWORD },
    },
  })
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
  @ApiErrors('INVALID_CREDENTIALS', 'MFA_REQUIRED', 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY')
  @Post('login')
  async logIn(
    @Body() request: LoginRequest,
    @Client() client: ClientInfo,
    @SentAsForm() isForm: boolean,
  ): Promise<LoginResponse | MfaRequiredResponse> {
    return toLoginAnswer(await this.logins.logIn(request, 'bearer', client), isForm);
  }

  /** Ends this session; its tokens are refused at once. */
  @WithoutSecondFactor()
  @ApiAnswer('The session has ended.')
  @HttpCode(200)
  @Post('logout')
  async logOut(@CurrentUser() user: Principal): Promise<MessageResponse> {
    await this.accounts.logOut(user);
    return { message: 'Logged out.' };
  }

  /** Changes my password and ends every other session of mine. */
  @ApiBody({
    type: ChangePasswordRequest,
    examples: {
      change: {
        summary: 'Another password',
        value: { current_password: PASSWORD, new_password: 'seven lanterns over a quiet harbour' },
      },
    },
  })
  @ApiAnswer('The password is changed.')
  @HttpCode(200)
  @ApiErrors(new WrongCurrentPasswordError(), 'WEAK_PASSWORD', 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY')
  @Post('change-password')
  async changePassword(
    @CurrentUser() user: Principal,
    @Body() request: ChangePasswordRequest,
  ): Promise<MessageResponse> {
    await this.accounts.changePassword(user, request);
    return { message: 'Password changed; every other session has ended.' };
  }
}
