import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { Roles } from '../../common/http/roles.decorator.js';
import { CandidateCountResponse, CountsQuery } from './counts.dto.js';
import { CountsService } from './counts.service.js';

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/votes')
export class CountsController {
  constructor(private readonly counts: CountsService) {}

  /** Counts the votes of every candidate of an election, by default of the default election. */
  @ApiAnswer('Every candidate of the election with its votes, by id.')
  @ApiErrors('ELECTION_NOT_FOUND', 'RESULTS_NOT_AVAILABLE')
  @Get('all-candidates/count')
  countAll(@Query() { election_id: electionId }: CountsQuery): Promise<CandidateCountResponse[]> {
    return this.counts.countAll(electionId);
  }
}
