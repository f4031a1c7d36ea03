import type { CanonicalValue } from '../../crypto/canonical-json.js';
import type { SealedEntry } from './seal-format.js';

/** As the database spells it: text wherever a number of JavaScript could say less than the column. */
export interface EntryRow {
  id: number;
  xid: string;
  at: string;
  event_type: string;
  actor_id: string | null;
  subject_id: string | null;
  session_id: string | null;
  request_id: string | null;
  address_hash: string | null;
  details: string;
}

/** Of a table `e` of entries. The same text whatever the settings of the connection. */
export const ENTRY_COLUMNS = `e.id, e.xid::text AS xid,
  to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, e.event_type,
  e.actor_id::text AS actor_id, e.subject_id::text AS subject_id, e.session_id, e.request_id,
  encode(e.address_hash, 'hex') AS address_hash, e.details::text AS details`;

/**
 * What a number of JavaScript cannot hold exactly stays the text that the database has of it: no entry of ours is so, but
 * whoever may write to the table must not be able to stop the sealing.
 */
export function toSealedEntry(row: EntryRow): SealedEntry {
  return {
    id: row.id,
    xid: exactly(row.xid),
    at: row.at,
    event_type: row.event_type,
    actor_id: row.actor_id === null ? null : exactly(row.actor_id),
    subject_id: row.subject_id === null ? null : exactly(row.subject_id),
    session_id: row.session_id,
    request_id: row.request_id,
    address_hash: row.address_hash,
    details: parseExactly(row.details),
  };
}

function exactly(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? number : text;
}

/** JSON.parse rounds numbers; what was rounded is not what the entry says. */
function parseExactly(text: string): CanonicalValue {
  const rounded: string[] = [];
  const parsed = JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number' && typeof exactly(context?.source ?? '') === 'string')
      rounded.push(context?.source ?? '');
    return value;
  }) as CanonicalValue;
  return rounded.length === 0 ? parsed : text;
}
