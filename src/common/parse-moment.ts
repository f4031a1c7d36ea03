const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d))?$/;
const EARLIEST_YEAR = 1970;
const LATEST_YEAR = 9999;

/** Reads `2026-01-05T09:00:00Z`, with another offset or with fewer parts; a day alone begins in UTC. */
export function parseMoment(text: string): Date | undefined {
  if (!MOMENT.test(text)) return undefined;
  const moment = new Date(text);
  const year = moment.getUTCFullYear();
  // A day that no month has comes out as NaN, or as one of the next month.
  const isReal = year >= EARLIEST_YEAR && year <= LATEST_YEAR && !isRolledOver(text.slice(0, 10));
  return isReal ? moment : undefined;
}

function isRolledOver(day: string): boolean {
  const read = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(read.getTime()) || read.toISOString().slice(0, 10) !== day;
}
