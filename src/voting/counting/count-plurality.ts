/** Ballots that are alike, counted together. */
export interface PluralityBallots {
  ballot: { candidate_id: number };
  /** Of each of them. */
  weight: number;
  /** How many there are. */
  count: number;
}

/** A candidate's votes. */
export interface CandidateVotes {
  candidateId: number;
  votes: number;
}

/**
 * Plurality (first past the post): each ballot gives its weight to the one candidate that it names. Neither the order
 * nor the grouping of the ballots matters.
 *
 * @returns the votes of every candidate, zero included, in the order of `candidateIds`.
 * @throws RangeError for a ballot that names nobody who stands: such a ballot cannot have been cast.
 */
export function countPlurality(
  candidateIds: readonly number[],
  ballots: Iterable<PluralityBallots>,
): CandidateVotes[] {
  const votes = new Map(candidateIds.map((id) => [id, 0]));
  for (const { ballot, weight, count } of ballots) {
    const sum = votes.get(ballot.candidate_id);
    if (sum === undefined)
      throw new RangeError(`A ballot names ${ballot.candidate_id}, which is no candidate.`);
    votes.set(ballot.candidate_id, sum + weight * count);
  }
  return [...votes].map(([candidateId, sum]) => ({ candidateId, votes: sum }));
}
