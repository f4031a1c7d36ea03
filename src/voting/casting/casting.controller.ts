import { Body, Controller, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
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
  @ApiBody({
    type: CastVoteRequest,
    examples: {
      vote: { summary: 'A vote', value: { candidate_id: 1 } },
      ownNonce: {
        summary: 'A vote in a certain election, with a nonce of my own',
        value: { candidate_id: 1, election_id: 1, nonce: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8' },
      },
    },
  })
  @ApiAnswer('The vote is cast; keep the receipt to yourself.')
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
