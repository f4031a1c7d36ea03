import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import { IdParam } from '../../common/http/id-param.pipe.js';
import type { Principal } from '../../common/http/principal.js';
import { Roles } from '../../common/http/roles.decorator.js';
import { CreatedInvitationResponse, InvitationPage } from './invitation.response.dto.js';
import { CreateInvitationRequest, ListInvitationsQuery } from './invitations.dto.js';
import { InvitationsService } from './invitations.service.js';

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/invitations')
export class AdminInvitationsController {
  constructor(private readonly invitations: InvitationsService) {}

  /** Makes an invitation, with which one person can register. Its link is shown here and never again. */
  @ApiBody({
    type: CreateInvitationRequest,
    examples: {
      anybody: { summary: 'For whoever gets the link', value: {} },
      address: {
        summary: 'For one address, for two days',
        value: { email: 'grace@example.com', expires_in_hours: 48 },
      },
      admin: { summary: 'For another admin', value: { email: 'grace@example.com', role: 'admin' } },
    },
  })
  @ApiAnswer('The invitation with its link.')
  @ApiErrors('REGISTRATION_CLOSED', 'EMAIL_DOMAIN_NOT_ALLOWED')
  @Post()
  create(
    @CurrentUser() admin: Principal,
    @Body() request: CreateInvitationRequest,
  ): Promise<CreatedInvitationResponse> {
    return this.invitations.create(admin, request);
  }

  /** Lists invitations, newest first, until 30 days after they have ended. */
  @ApiAnswer('A page of invitations.')
  @Get()
  list(@Query() query: ListInvitationsQuery): Promise<InvitationPage> {
    return this.invitations.list(query);
  }

  /** Revokes an invitation that nobody has used. */
  @ApiParam({ name: 'id', description: 'The id of the invitation.', example: 7 })
  @ApiAnswer('Nobody can register with it any more.')
  @ApiErrors('INVITATION_NOT_FOUND', 'INVITATION_USED')
  @Delete(':id')
  @HttpCode(204)
  revoke(@Param('id', new IdParam('INVITATION_NOT_FOUND', 'invitation')) id: number): Promise<void> {
    return this.invitations.revoke(id);
  }
}
