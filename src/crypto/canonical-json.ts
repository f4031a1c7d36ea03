/** JSON of which every number is an integer that reads alike everywhere. */
export type CanonicalValue =
  string | number | boolean | null | readonly CanonicalValue[] | { readonly [field: string]: CanonicalValue };

/**
 * Canonical JSON (RFC 8785) for values whose numbers are integers: equal values give equal text, whatever the order in
 * which their fields were written.
 *
 * @throws RangeError for a number that is not a safe integer: other numbers do not read alike everywhere.
 */
export function canonicalJson(value: CanonicalValue): string {
  if (typeof value === 'number') return serializeInteger(value);
  // Of a string JSON.stringify writes what section 3.2.2.2 asks for.
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  // Section 3.2.3 sorts by UTF-16 code units, as sort() does.
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([field, content]) => `${JSON.stringify(field)}:${canonicalJson(content)}`).join(',')}}`;
}

function serializeInteger(value: number): string {
  if (!Number.isSafeInteger(value))
    throw new RangeError('Canonical JSON here holds only integers of at most 2^53 - 1.');
  // Minus zero becomes 0, as section 3.2.2.3 asks.
  return String(value);
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}
