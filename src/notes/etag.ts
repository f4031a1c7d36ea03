interface Revised {
  readonly id: number;
  readonly revision: number;
}

/** The entity tag of a note: strong, as a revision is never given out twice. */
export function etagOf({ id, revision }: Revised): string {
  return `"${id}-${revision}"`;
}

/**
 * Decides If-Match (RFC 9110, 13.1.1): `*`, or a list with the note's tag. A weak tag fits as well, because proxies
 * that compress answers weaken the tag on the way. What is no tag fits nothing.
 */
export function fitsIfMatch(ifMatch: string, note: Revised): boolean {
  // Our tags hold no comma, so a list may be taken apart at each of them.
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return ifMatch.trim() === '*' || tags.includes(etagOf(note));
}
