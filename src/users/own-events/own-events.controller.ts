import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import { PagingQuery } from '../../common/http/paging.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { OwnEventPage } from './own-event.response.dto.js';
import { ListOwnEventsService } from './list-own-events.service.js';

@ApiTags('Users')
@Controller('users/audit')
export class OwnEventsController {
  constructor(private readonly events: ListOwnEventsService) {}

  /** Lists what I did and what happened to my account, as far as it matters to security, newest first. */
  @ApiAnswer('A page of my security events.')
  @Get()
  list(@CurrentUser() user: Principal, @Query() query: PagingQuery): Promise<OwnEventPage> {
    return this.events.list(user, query);
  }
}
