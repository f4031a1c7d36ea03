import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import type { Principal } from '../../common/http/principal.js';
import { CastVoteRequest, CastVoteResponse } from './cast-vote.dto.js';
import { CastVoteService } from './cast-vote.service.js';

@ApiTags('Voting')
@Controller('users')
export class CastingController {
  constructor(private readonly casting: CastVoteService) {}

  /** Casts my vote. It counts once, and cannot be changed or taken back. */
  @ApiErrors(
    'ALREADY_VOTED',
    'CANDIDATE_NOT_FOUND',
    'CANDIDATE_WITHDRAWN',
    'ELECTION_NOT_FOUND',
    'ELECTION_NOT_OPEN',
    'NOT_ELIGIBLE',
    'CONFLICT',
  )
  @Post('vote')
  cast(@CurrentUser() user: Principal, @Body() request: CastVoteRequest): Promise<CastVoteResponse> {
    return this.casting.cast(user, request);
  }
}
