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
  return serialize(weight === 1 ? ballot : { ...ballot, weight });
}

function serialize(value: BallotValue): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return serializeInteger(value);
  if (isList(value)) return `[${value.map(serialize).join(',')}]`;
  // RFC 8785 section 3.2.3 sorts by UTF-16 code units, as sort() does.
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([field, content]) => `${JSON.stringify(field)}:${serialize(content)}`).join(',')}}`;
}

function serializeInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError('A ballot holds only integers of at most 2^53 - 1.');
  // Minus zero becomes 0, as section 3.2.2.3 asks.
  return String(value);
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: BallotValue): value is readonly BallotValue[] {
  return Array.isArray(value);
}
