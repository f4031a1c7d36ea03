import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { WithoutSecondFactor } from '../../common/http/without-second-factor.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import { IdParam } from '../../common/http/id-param.pipe.js';
import { PagingQuery } from '../../common/http/paging.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { EXAMPLE_CREDENTIAL_ID, EXAMPLE_REGISTRATION } from './example-passkey.js';
import { PasskeyPage, PasskeyResponse } from './passkey.response.dto.js';
import { RenamePasskeyRequest } from './passkeys.dto.js';
import { PasskeysService } from './passkeys.service.js';
import { RegistrationOptionsResponse } from './registration/registration-options.response.dto.js';
import { VerifyRegistrationRequest } from './registration/registration.dto.js';
import { RegisterPasskeyService } from './registration/register-passkey.service.js';

const ApiPasskeyId = () => ApiParam({ name: 'id', description: 'The id of the passkey.', example: 7 });
const PasskeyId = () => Param('id', new IdParam('PASSKEY_NOT_FOUND', 'passkey'));

@ApiTags('Passkeys')
@Controller('auth/passkeys')
export class PasskeysController {
  constructor(
    private readonly registrations: RegisterPasskeyService,
    private readonly passkeys: PasskeysService,
  ) {}

  /** Answers what my browser makes a passkey from. Needs a login within the last 15 minutes; good for five, once. */
  @ApiAnswer('Options for `navigator.credentials.create`.')
  @HttpCode(200)
  @ApiErrors('REAUTHENTICATION_REQUIRED', 'PASSKEY_LOGIN_REQUIRED', 'PASSKEY_LIMIT', 'PASSKEYS_UNAVAILABLE')
  @WithoutSecondFactor()
  @Post('register/options')
  offer(@CurrentUser() user: Principal): Promise<RegistrationOptionsResponse> {
    return this.registrations.offer(user);
  }

  /** Keeps the passkey that my browser has made. It logs in by itself, without a password or a second factor. */
  @ApiBody({
    type: VerifyRegistrationRequest,
    examples: {
      passkey: {
        summary: 'A credential as its toJSON() writes it, with a name',
        value: {
          name: 'Laptop',
          credential: {
            id: EXAMPLE_CREDENTIAL_ID,
            rawId: EXAMPLE_CREDENTIAL_ID,
            type: 'public-key',
            authenticatorAttachment: 'platform',
            clientExtensionResults: {},
            response: EXAMPLE_REGISTRATION,
          },
        },
      },
    },
  })
  @ApiAnswer('The new passkey.')
  @ApiErrors('PASSKEY_INVALID', 'PASSKEY_EXISTS', 'PASSKEY_LOGIN_REQUIRED', 'PASSKEY_LIMIT')
  @WithoutSecondFactor()
  @Post('register/verify')
  register(
    @CurrentUser() user: Principal,
    @Body() request: VerifyRegistrationRequest,
  ): Promise<PasskeyResponse> {
    return this.registrations.register(user, request);
  }

  /** Lists my passkeys, the oldest first. */
  @ApiAnswer('A page of passkeys.')
  @Get()
  list(@CurrentUser() user: Principal, @Query() query: PagingQuery): Promise<PasskeyPage> {
    return this.passkeys.list(user, query);
  }

  /** Gives one of my passkeys another name. */
  @ApiPasskeyId()
  @ApiBody({
    type: RenamePasskeyRequest,
    examples: { rename: { summary: 'Another name', value: { name: 'Work laptop' } } },
  })
  @ApiAnswer('The passkey.')
  @ApiErrors('PASSKEY_NOT_FOUND')
  @Patch(':id')
  rename(
    @CurrentUser() user: Principal,
    @PasskeyId() id: number,
    @Body() request: RenamePasskeyRequest,
  ): Promise<PasskeyResponse> {
    return this.passkeys.rename(user, id, request);
  }

  /** Removes one of my passkeys: it opens nothing any more. Needs a login within the last 15 minutes. */
  @ApiPasskeyId()
  @ApiAnswer('The passkey is removed.')
  @HttpCode(204)
  @ApiErrors('REAUTHENTICATION_REQUIRED', 'PASSKEY_NOT_FOUND', 'LAST_LOGIN_METHOD')
  @Delete(':id')
  remove(@CurrentUser() user: Principal, @PasskeyId() id: number): Promise<void> {
    return this.passkeys.remove(user, id);
  }
}
