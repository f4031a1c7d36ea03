import { PasskeyRefusedError } from '../passkeys.errors.js';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../../common/http/api-errors.decorator.js';
import { Public } from '../../../common/http/public.decorator.js';
import { LoginResponse, toLoginResponse } from '../../auth.dto.js';
import { Client, type ClientInfo } from '../../client-info.decorator.js';
import { LoginOptionsResponse } from './login-options.response.dto.js';
import { ApiPasskeyName, ApiUsedPasskey } from './passkey-login.decorators.js';
import { PasskeyLoginOptionsRequest, PasskeyLoginRequest } from './passkey-login.dto.js';
import { PasskeyLoginService } from './passkey-login.service.js';

@ApiTags('Passkeys')
@Controller('auth/passkeys/login')
export class PasskeyLoginController {
  constructor(private readonly logins: PasskeyLoginService) {}

  /** Answers what a passkey has to sign, with a name or without one; good for five minutes, once. */
  @Public()
  @ApiPasskeyName()
  @ApiAnswer('Options for `navigator.credentials.get`.')
  @HttpCode(200)
  @ApiErrors('PASSKEYS_UNAVAILABLE')
  @Post('options')
  offer(@Body() request: PasskeyLoginOptionsRequest): Promise<LoginOptionsResponse> {
    return this.logins.offer(request);
  }

  /** Logs in with a passkey. No second factor is asked for: the authenticator has verified who it is. */
  @Public()
  @ApiUsedPasskey()
  @ApiAnswer('The tokens of a new session.')
  @HttpCode(200)
  @ApiHeader({
    name: 'X-Device-Token',
    required: false,
    description: 'The `device_token` that an earlier login on this device answered.',
    example: 'cP0vN8yQx2LkRz6sWtB1mJ4hG7dF9aE3uI5oTqXnVbY',
  })
  @ApiErrors(new PasskeyRefusedError(), 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY')
  @Post('verify')
  async logIn(@Body() request: PasskeyLoginRequest, @Client() client: ClientInfo): Promise<LoginResponse> {
    return toLoginResponse(await this.logins.logIn(request, client));
  }
}
