import { Injectable } from '@nestjs/common';
import { countPlurality } from '../counting/count-plurality.js';
import { ElectionsService } from '../elections/elections.service.js';
import type { CandidateCountResponse } from './counts.dto.js';
import { CountsRepository } from './counts.repository.js';

/** Counts are derived from the ballots every time they are asked for; there is no tally that could drift. */
@Injectable()
export class CountsService {
  constructor(
    private readonly counts: CountsRepository,
    private readonly elections: ElectionsService,
  ) {}

  /**
   * The votes of every candidate, zero included, by id; exact as of one moment.
   * @throws ElectionNotFoundError
   * @throws ResultsNotAvailableError
   */
  async countAll(electionId: number | undefined): Promise<CandidateCountResponse[]> {
    const election = await this.elections.getWithVisibleResults(electionId);
    const { candidates, ballots } = await this.counts.readPlurality(election.id);
    const names = new Map(candidates.map(({ id, name }) => [id, name]));
    return countPlurality([...names.keys()], ballots).map(({ candidateId, votes }) => ({
      candidate_id: candidateId,
      candidate_name: names.get(candidateId) ?? '',
      vote_count: votes,
    }));
  }
}
