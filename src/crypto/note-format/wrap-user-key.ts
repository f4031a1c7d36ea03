import { deriveSubkey } from '../derive-subkey.js';
import { commitToKey } from '../key-commitment.js';
import type { KeyRingEntry } from '../key-ring.js';
import { wrapKey } from '../wrap-key.js';
import { USER_KEY_WRAP_CONTEXT, userKeyBinding, type WrappedUserKey } from './user-key.js';

/**
 * Wraps a user's key under an entry of the app's ring: `ring.current` for every write. Rotation is unwrapUserKey
 * and this again; nothing that is sealed under the user key changes.
 *
 * @param userKey 32 bytes
 */
export function wrapUserKey(entry: KeyRingEntry, userId: number, userKey: Buffer): WrappedUserKey {
  const kek = deriveSubkey(entry, USER_KEY_WRAP_CONTEXT);
  return {
    keyId: entry.id,
    wrappedKey: wrapKey(kek, userKey, userKeyBinding(userId, entry.id)),
    keyCommitment: commitToKey(userKey),
  };
}
