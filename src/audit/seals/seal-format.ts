import { createHash } from 'node:crypto';
import { encodeAad } from '../../crypto/aad.js';
import { canonicalJson, type CanonicalValue } from '../../crypto/canonical-json.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import type { KeyRingEntry } from '../../crypto/key-ring.js';

const ENTRY = 'mc101/audit-entry/v1';
const SEAL = 'mc101/audit-seal/v1';
const SIGNATURE = 'mc101/audit-seal-signature/v1';

/** What stands before the first seal. */
export const NO_HEAD = Buffer.alloc(32);

/** Everything that an entry says, as the log exports it; the address only as its keyed hash. */
export interface SealedEntry {
  readonly id: number;
  /** Numbers that JSON readers round stay text. */
  readonly xid: number | string;
  /** UTC, to the microsecond: `2026-01-05T09:00:00.000000Z`. */
  readonly at: string;
  readonly event_type: string;
  readonly actor_id: number | string | null;
  readonly subject_id: number | string | null;
  readonly session_id: string | null;
  readonly request_id: string | null;
  /** Lower-case hex. */
  readonly address_hash: string | null;
  readonly details: CanonicalValue;
}

/** That an entry belongs to a batch, with the hash of what it says. */
export interface Membership {
  readonly id: number;
  readonly hash: Buffer;
}

export interface UnsignedSeal {
  readonly number: number;
  readonly entryCount: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly previousHead: Buffer;
  readonly head: Buffer;
  /** UTC, to the microsecond. */
  readonly sealedAt: string;
}

export interface Seal extends UnsignedSeal {
  readonly keyId: string;
  readonly signature: Buffer;
}

/**
 * SHA-256 over the framed fields domain and canonical JSON (RFC 8785) of the entry without its id. The id stands beside
 * the hash in the batch, so that contents which changed places are told from contents that changed.
 */
export function hashEntry(entry: SealedEntry): Buffer {
  const content = Object.fromEntries(
    Object.entries<CanonicalValue>({ ...entry }).filter(([field]) => field !== 'id'),
  );
  return createHash('sha256')
    .update(encodeAad([ENTRY, canonicalJson(content)]))
    .digest();
}

/**
 * SHA-256 over the framed fields domain, number, previous head, time and count, then id and hash of each member in
 * ascending order of ids.
 * @throws RangeError for a negative number
 */
export function headOf(
  { number, previousHead, sealedAt }: Pick<UnsignedSeal, 'number' | 'previousHead' | 'sealedAt'>,
  members: readonly Membership[],
): Buffer {
  const hash = createHash('sha256').update(encodeAad([SEAL, number, previousHead, sealedAt, members.length]));
  for (const { id, hash: entryHash } of members) hash.update(encodeAad([id, entryHash]));
  return hash.digest();
}

/** HMAC-SHA256 over everything that a seal says, under a key of its own that comes from an entry of LOG_SIGNING_KEY. */
export function signSeal(seal: UnsignedSeal, entry: KeyRingEntry): Buffer {
  const { number, previousHead, head, sealedAt, entryCount, firstId, lastId } = seal;
  return hmacSha256(
    deriveSubkey(entry, SIGNATURE),
    encodeAad([SIGNATURE, entry.id, number, previousHead, head, sealedAt, entryCount, firstId, lastId]),
  );
}
