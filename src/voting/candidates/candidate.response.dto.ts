import { ApiProperty } from '@nestjs/swagger';
import type { Candidate } from './candidate.entity.js';

/** A candidate as it was made. */
export class CandidateResponse {
  /** @example 7 */
  id!: number;
  /** @example "Grace Hopper" */
  name!: string;
  /** @example "independent" */
  party!: string;
  /** @example 1 */
  election_id!: number;
  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: Date;
}

/** A candidate as it stands. */
export class CandidateDetailsResponse extends CandidateResponse {
  /**
   * It takes no new votes.
   * @example false
   */
  withdrawn!: boolean;
}

/** A page of candidates, by id. */
export class CandidatePage {
  items!: CandidateDetailsResponse[];
  @ApiProperty({ type: String, nullable: true, example: 'Wzdd' })
  next_cursor!: string | null;
}

export function toCandidateResponse(candidate: Candidate): CandidateResponse {
  return {
    id: candidate.id,
    name: candidate.name,
    party: candidate.party,
    election_id: candidate.electionId,
    created_at: candidate.createdAt,
  };
}

export function toCandidateDetailsResponse(candidate: Candidate): CandidateDetailsResponse {
  return {
    id: candidate.id,
    name: candidate.name,
    party: candidate.party,
    election_id: candidate.electionId,
    withdrawn: candidate.withdrawnAt !== null,
    created_at: candidate.createdAt,
  };
}
