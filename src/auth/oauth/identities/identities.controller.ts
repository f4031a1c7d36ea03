import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../../common/http/current-user.decorator.js';
import { IdParam } from '../../../common/http/id-param.pipe.js';
import type { Principal } from '../../../common/http/principal.js';
import { CodeWithVerifierRequest, EXAMPLE_CODE } from '../codes/oauth-codes.dto.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityList, IdentityResponse } from './identity.response.dto.js';

@ApiTags('Social login')
@Controller('auth/identities')
export class IdentitiesController {
  constructor(private readonly identities: IdentitiesService) {}

  /** Lists the logins at providers that open my account, the oldest first. */
  @ApiAnswer('The linked logins.')
  @Get()
  list(@CurrentUser() user: Principal): Promise<IdentityList> {
    return this.identities.list(user);
  }

  /** Links a login at a provider with my account. Needs a login within the last 15 minutes. */
  @ApiBody({
    type: CodeWithVerifierRequest,
    examples: { link: { summary: 'The code that the browser came back with', value: EXAMPLE_CODE } },
  })
  @ApiAnswer('The linked login.')
  @ApiErrors('OAUTH_CODE_INVALID', 'IDENTITY_TAKEN', 'IDENTITY_LIMIT', 'REAUTHENTICATION_REQUIRED')
  @Post()
  link(@CurrentUser() user: Principal, @Body() request: CodeWithVerifierRequest): Promise<IdentityResponse> {
    return this.identities.link(user, request);
  }

  /** Unlinks one of them: it opens nothing here any more, and every other session of mine ends. Needs a login within the last 15 minutes. */
  @ApiParam({ name: 'id', description: 'The id of the linked login.', example: 3 })
  @ApiAnswer('The login is unlinked.')
  @HttpCode(204)
  @ApiErrors('IDENTITY_NOT_FOUND', 'LAST_LOGIN_METHOD', 'REAUTHENTICATION_REQUIRED')
  @Delete(':id')
  unlink(
    @CurrentUser() user: Principal,
    @Param('id', new IdParam('IDENTITY_NOT_FOUND', 'linked login')) id: number,
  ): Promise<void> {
    return this.identities.unlink(user, id);
  }
}
