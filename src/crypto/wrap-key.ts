import { encodeAad, type AadField } from './aad.js';
import { aeadSeal } from './aead-seal.js';

export const KEY_BYTES = 32;

/** What a wrapped key is bound to, and the id of the key that wraps it. */
export interface WrapBinding {
  readonly fields: readonly AadField[];
  readonly kekId: string;
}

/**
 * Wraps a 32-byte key under a 32-byte key-encryption key. The AAD is the binding's fields, then the KEK's id.
 *
 * @returns 60 bytes: nonce (12) ‖ encrypted key (32) ‖ tag (16)
 * @throws RangeError when either key is not 32 bytes
 */
export function wrapKey(kek: Buffer, key: Buffer, binding: WrapBinding): Buffer {
  if (key.length !== KEY_BYTES) {
    throw new RangeError(`A key to wrap must have ${KEY_BYTES} bytes.`);
  }
  return aeadSeal(kek, key, encodeAad([...binding.fields, binding.kekId]));
}
