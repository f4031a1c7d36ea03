import { encodeAad } from './aad.js';
import { aeadOpen } from './aead-open.js';
import { SealBrokenError, WrappedKeyBrokenError } from './crypto.errors.js';
import { KEY_BYTES, type WrapBinding } from './wrap-key.js';

/**
 * Unwraps what wrapKey wrapped.
 *
 * @returns the 32-byte key; check its commitment before using it
 * @throws WrappedKeyBrokenError for another KEK, another binding, changed or truncated bytes
 */
export function unwrapKey(kek: Buffer, wrapped: Buffer, binding: WrapBinding): Buffer {
  const key = openWrapped(kek, wrapped, binding);
  if (key.length !== KEY_BYTES) {
    throw new WrappedKeyBrokenError();
  }
  return key;
}

function openWrapped(kek: Buffer, wrapped: Buffer, binding: WrapBinding): Buffer {
  try {
    return aeadOpen(kek, wrapped, encodeAad([...binding.fields, binding.kekId]));
  } catch (error) {
    throw error instanceof SealBrokenError ? new WrappedKeyBrokenError() : error;
  }
}
