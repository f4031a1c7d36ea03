import { deriveSubkey } from '../derive-subkey.js';
import { verifyKeyCommitment } from '../key-commitment.js';
import type { KeyRing } from '../key-ring.js';
import { unwrapKey } from '../unwrap-key.js';
import { USER_KEY_WRAP_CONTEXT, userKeyBinding, type WrappedUserKey } from './user-key.js';

/**
 * Unwraps a user's key with whichever entry of the ring wrapped it.
 *
 * @returns the 32-byte user key
 * @throws KeyUnknownError when the ring no longer holds that entry
 * @throws SealBrokenError when the entry does not open it, or the commitment does not fit
 */
export function unwrapUserKey(ring: KeyRing, userId: number, wrapped: WrappedUserKey): Buffer {
  const kek = deriveSubkey(ring.find(wrapped.keyId), USER_KEY_WRAP_CONTEXT);
  const userKey = unwrapKey(kek, wrapped.wrappedKey, userKeyBinding(userId, wrapped.keyId));
  verifyKeyCommitment(userKey, wrapped.keyCommitment);
  return userKey;
}
