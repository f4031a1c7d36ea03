import type { WrapBinding } from '../wrap-key.js';

/** The context of the ring subkey that wraps user keys. */
export const USER_KEY_WRAP_CONTEXT = 'mc101/user-key-wrap/v1';

/** A user key as it is stored. */
export interface WrappedUserKey {
  /** The id of the ring entry that wraps it. */
  readonly keyId: string;
  /** 60 bytes. */
  readonly wrappedKey: Buffer;
  /** The commitment to the user key, 32 bytes; rewrapping leaves it as it is. */
  readonly keyCommitment: Buffer;
}

/** The binding of a wrapped user key: format, its owner, and the wrapping key's id. */
export function userKeyBinding(userId: number, keyId: string): WrapBinding {
  return { fields: ['mc101/user-key', 1, userId], kekId: keyId };
}
