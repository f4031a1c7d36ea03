import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { IdParam } from '../../common/http/id-param.pipe.js';
import { Roles } from '../../common/http/roles.decorator.js';
import { CandidateDetailsResponse, CandidatePage, CandidateResponse } from './candidate.response.dto.js';
import { CreateCandidateRequest, ListCandidatesQuery, UpdateCandidateRequest } from './candidates.dto.js';
import { CandidatesService } from './candidates.service.js';

const CandidateId = () => Param('id', new IdParam('CANDIDATE_NOT_FOUND', 'candidate'));
const ApiCandidateId = () => ApiParam({ name: 'id', description: 'The id of the candidate.', example: 7 });

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/candidate')
export class CandidatesController {
  constructor(private readonly candidates: CandidatesService) {}

  /** Adds a candidate to an election, by default to the default election. */
  @ApiBody({
    type: CreateCandidateRequest,
    examples: {
      candidate: { summary: 'In the default election', value: { name: 'Grace Hopper', party: 'Navy' } },
      chosenId: {
        summary: 'In a certain election, with an id of my choice',
        value: { name: 'Ada Lovelace', party: 'independent', id: 1815, election_id: 1 },
      },
    },
  })
  @ApiAnswer('The new candidate.')
  @ApiErrors('ELECTION_NOT_FOUND', 'CANDIDATE_EXISTS', 'CONFLICT')
  @Post()
  create(@Body() request: CreateCandidateRequest): Promise<CandidateResponse> {
    return this.candidates.create(request);
  }

  /** Lists candidates by id. */
  @ApiAnswer('A page of candidates.')
  @ApiErrors('ELECTION_NOT_FOUND')
  @Get()
  list(@Query() query: ListCandidatesQuery): Promise<CandidatePage> {
    return this.candidates.list(query);
  }

  /** Shows one candidate. */
  @ApiCandidateId()
  @ApiAnswer('The candidate.')
  @ApiErrors('CANDIDATE_NOT_FOUND')
  @Get(':id')
  get(@CandidateId() id: number): Promise<CandidateDetailsResponse> {
    return this.candidates.get(id);
  }

  /** Changes name or party, withdraws a candidate or lets it stand again. */
  @ApiCandidateId()
  @ApiBody({
    type: UpdateCandidateRequest,
    examples: {
      change: {
        summary: 'Another name and party',
        value: { name: 'Grace Brewster Hopper', party: 'independent' },
      },
      withdraw: { summary: 'Withdraw it', value: { withdrawn: true } },
    },
  })
  @ApiAnswer('The candidate as it stands now.')
  @ApiErrors('CANDIDATE_NOT_FOUND', 'CANDIDATE_EXISTS')
  @Patch(':id')
  update(
    @CandidateId() id: number,
    @Body() changes: UpdateCandidateRequest,
  ): Promise<CandidateDetailsResponse> {
    return this.candidates.update(id, changes);
  }

  /** Deletes a candidate that nobody has voted for. */
  @ApiCandidateId()
  @ApiAnswer('The candidate is gone.')
  @ApiErrors('CANDIDATE_NOT_FOUND', 'CANDIDATE_HAS_VOTES')
  @Delete(':id')
  @HttpCode(204)
  delete(@CandidateId() id: number): Promise<void> {
    return this.candidates.delete(id);
  }
}
