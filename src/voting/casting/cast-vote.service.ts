import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { UnauthenticatedError, ValidationFailedError } from '../../common/errors/common.errors.js';
import type { Principal } from '../../common/http/principal.js';
import { countOutcome } from '../../common/metrics/count-outcome.js';
import { Metrics } from '../../common/metrics/metrics.js';
import { drawRandom } from '../../crypto/draw-random.js';
import { isUniqueViolation } from '../../database/constraint-violation.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { CandidatesService } from '../candidates/candidates.service.js';
import { canonicalBallot } from '../transparency/canonical-ballot.js';
import { leafHash, NONCE_BYTES } from '../transparency/leaf-hash.js';
import {
  AlreadyVotedError,
  CandidateNotFoundError,
  CandidateWithdrawnError,
  ElectionNotFoundError,
  ElectionNotOpenError,
  NotEligibleError,
  ReceiptExistsError,
} from '../voting.errors.js';
import type { CastVoteRequest, CastVoteResponse } from './cast-vote.dto.js';
import { CastingRepository, type CastingOutcome } from './casting.repository.js';
import { ParticipationsRepository } from './participations.repository.js';

/** Casting a vote: once a person and election, or not at all. */
@Injectable()
export class CastVoteService {
  private readonly outcomes: Counter<'outcome'>;

  constructor(
    private readonly casting: CastingRepository,
    private readonly candidates: CandidatesService,
    participations: ParticipationsRepository,
    lifecycle: UserLifecycle,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter('mc101_votes_total', 'Votes by outcome.', ['outcome']);
    for (const outcome of ['success', 'already_voted']) this.outcomes.inc({ outcome }, 0);
    lifecycle.on('isInUse', (manager, { voterKey }) => participations.hasAny(manager, voterKey));
    lifecycle.on('voterKeysMerged', (manager, from, into) =>
      participations.moveWhereFree(manager, from, into),
    );
  }

  /**
   * @throws CandidateNotFoundError
   * @throws ElectionNotFoundError
   * @throws ElectionNotOpenError
   * @throws NotEligibleError
   * @throws CandidateWithdrawnError
   * @throws AlreadyVotedError
   * @throws ReceiptExistsError when another ballot has the same nonce and choice; the vote is not cast
   * @throws UnauthenticatedError when the account was deleted or disabled meanwhile
   */
  cast(voter: Pick<Principal, 'userId'>, request: CastVoteRequest): Promise<CastVoteResponse> {
    return countOutcome(
      (outcome) => {
        this.outcomes.inc({ outcome });
      },
      this.attempt(voter, request),
    );
  }

  private async attempt(
    voter: Pick<Principal, 'userId'>,
    request: CastVoteRequest,
  ): Promise<CastVoteResponse> {
    const { candidate_id: candidateId, election_id: named } = request;
    if (named !== undefined) return this.castIn(named, voter, request);
    const hinted = await this.candidates.hintElectionOf(candidateId);
    if (hinted === undefined) throw new CandidateNotFoundError();
    try {
      return await this.castIn(hinted, voter, request);
    } catch (error) {
      if (!(error instanceof CandidateNotFoundError)) throw error;
      // The statement did not find the candidate where this process remembered it.
      const current = await this.candidates.lookUpElectionOf(candidateId);
      if (current === undefined || current === hinted) throw error;
      return this.castIn(current, voter, request);
    }
  }

  private async castIn(
    electionId: number,
    { userId }: Pick<Principal, 'userId'>,
    { candidate_id: candidateId, nonce: given }: CastVoteRequest,
  ): Promise<CastVoteResponse> {
    const nonce = given === undefined ? drawRandom(NONCE_BYTES) : Buffer.from(given, 'base64url');
    const choice = { candidate_id: candidateId };
    const ballot = canonicalBallot(choice);
    const hash = leafHash({ electionId, nonce, ballot });
    const ballotId = randomUUID();
    const outcome = await this.castOnce({
      userId,
      electionId,
      candidateId,
      ballotId,
      ballot,
      nonce,
      leafHash: hash,
    });
    if (!outcome.isCast) throw refusal(outcome);
    return {
      id: ballotId,
      election_id: electionId,
      candidate_id: candidateId,
      created_at: outcome.answeredAt,
      receipt: {
        election_id: electionId,
        leaf_hash: hash.toString('hex'),
        nonce: nonce.toString('base64url'),
        ballot: choice,
        state: 'pending',
      },
    };
  }

  private async castOnce(vote: Parameters<CastingRepository['castOnce']>[0]): Promise<CastingOutcome> {
    try {
      return await this.casting.castOnce(vote);
    } catch (error) {
      throw isUniqueViolation(error, 'ballots_leaf_hash_key') ? new ReceiptExistsError() : error;
    }
  }
}

/** Why no ballot was cast: the first reason that would also stand in the way of the next try. */
function refusal(outcome: CastingOutcome): Error {
  if (!outcome.hasVoter) return new UnauthenticatedError();
  if (!outcome.hasElection) return new ElectionNotFoundError();
  if (!outcome.hasCandidate)
    return new CandidateNotFoundError('There is no such candidate in this election.');
  if (!outcome.isPlurality) {
    return new ValidationFailedError([
      { field: 'candidate_id', problems: ['is not how one votes in this election'] },
    ]);
  }
  if (!outcome.isOpen) return new ElectionNotOpenError();
  if (!outcome.isEligible) return new NotEligibleError();
  if (outcome.isWithdrawn) return new CandidateWithdrawnError();
  return new AlreadyVotedError();
}
