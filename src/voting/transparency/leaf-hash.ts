import { createHash } from 'node:crypto';
import { encodeAad } from '../../crypto/aad.js';

/** Names the format, so that no other hash of this service can be taken for a ballot's. */
const FORMAT = 'mc101/ballot/v1';

/** RFC 6962 section 2.1: what is hashed as a leaf is never hashed as a node. */
const LEAF_PREFIX = Buffer.from([0x00]);

export const NONCE_BYTES = 32;

export interface Leaf {
  electionId: number;
  /** 32 random bytes, so that the hash gives the ballot away to nobody who cannot open it. */
  nonce: Buffer;
  /** Canonical JSON, see canonicalBallot. */
  ballot: string;
}

/**
 * The leaf of a ballot in its election's transparency log: SHA-256(0x00 ‖ leaf data). Leaf data is the fields
 * `mc101/ballot/v1`, election id, nonce and ballot, each as its length (4 bytes big-endian) and its bytes; the id as
 * 8 bytes big-endian, text in UTF-8. Whoever holds a receipt computes the same 32 bytes.
 *
 * @throws RangeError for a nonce of another length.
 */
export function leafHash({ electionId, nonce, ballot }: Leaf): Buffer {
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`A ballot's nonce has ${NONCE_BYTES} bytes.`);
  // The framing is the one of crypto's authenticated data; known answers in the spec keep it from moving under us.
  const leafData = encodeAad([FORMAT, electionId, nonce, ballot]);
  return createHash('sha256').update(LEAF_PREFIX).update(leafData).digest();
}
