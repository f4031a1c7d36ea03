import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { IdParam } from '../../common/http/id-param.pipe.js';
import { Roles } from '../../common/http/roles.decorator.js';
import { CandidateDetailsResponse, CandidatePage, CandidateResponse } from './candidate.response.dto.js';
import { CreateCandidateRequest, ListCandidatesQuery, UpdateCandidateRequest } from './candidates.dto.js';
import { CandidatesService } from './candidates.service.js';

const CandidateId = () => Param('id', new IdParam('CANDIDATE_NOT_FOUND', 'candidate'));

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/candidate')
export class CandidatesController {
  constructor(private readonly candidates: CandidatesService) {}

  /** Adds a candidate to an election, by default to the default election. */
  @ApiErrors('ELECTION_NOT_FOUND', 'CANDIDATE_EXISTS', 'CONFLICT')
  @Post()
  create(@Body() request: CreateCandidateRequest): Promise<CandidateResponse> {
    return this.candidates.create(request);
  }

  /** Lists candidates by id. */
  @Get()
  list(@Query() query: ListCandidatesQuery): Promise<CandidatePage> {
    return this.candidates.list(query);
  }

  /** Shows one candidate. */
  @ApiErrors('CANDIDATE_NOT_FOUND')
  @Get(':id')
  get(@CandidateId() id: number): Promise<CandidateDetailsResponse> {
    return this.candidates.get(id);
  }

  /** Changes name or party, withdraws a candidate or lets it stand again. */
  @ApiErrors('CANDIDATE_NOT_FOUND', 'CANDIDATE_EXISTS')
  @Patch(':id')
  update(
    @CandidateId() id: number,
    @Body() changes: UpdateCandidateRequest,
  ): Promise<CandidateDetailsResponse> {
    return this.candidates.update(id, changes);
  }

  /** Deletes a candidate that nobody has voted for. */
  @ApiErrors('CANDIDATE_NOT_FOUND', 'CANDIDATE_HAS_VOTES')
  @Delete(':id')
  @HttpCode(204)
  delete(@CandidateId() id: number): Promise<void> {
    return this.candidates.delete(id);
  }
}
