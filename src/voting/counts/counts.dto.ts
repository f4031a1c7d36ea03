import { QueryInteger } from '../../common/http/query-integer.decorator.js';

export class CountsQuery {
  /**
   * Left out, the default election.
   * @example 1
   */
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  election_id?: number;
}

/** A candidate's votes. */
export class CandidateCountResponse {
  /** @example 7 */
  candidate_id!: number;
  /** @example "Grace Hopper" */
  candidate_name!: string;
  /** @example 42 */
  vote_count!: number;
}
