import { canonicalJson } from '../../crypto/canonical-json.js';

/** What ballots are made of: ids, scores and ranks are integers, a gap in a ranking is null. */
type BallotValue = number | null | readonly BallotValue[] | { readonly [field: string]: BallotValue };

/** One ballot as it is cast and published, e.g. `{candidate_id: 7}`. */
export type Ballot = Readonly<Record<string, BallotValue>>;

/**
 * The canonical JSON of a ballot, with its `weight` when that is not 1: RFC 8785 for the values that ballots have.
 * Equal ballots give equal text, whatever the order in which their fields were sent.
 *
 * @throws RangeError for a number that is not a safe integer: other numbers do not read alike everywhere.
 */
export function canonicalBallot(ballot: Ballot, weight = 1): string {
  return canonicalJson(weight === 1 ? ballot : { ...ballot, weight });
}
