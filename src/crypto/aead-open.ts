import { createDecipheriv, createSecretKey } from 'node:crypto';
import { NONCE_BYTES, TAG_BYTES } from './aead-seal.js';
import { SealBrokenError } from './crypto.errors.js';

/**
 * Opens what aeadSeal sealed. Returns the whole plaintext or nothing of it.
 *
 * @param key 32 bytes
 * @param sealed nonce (12) ‖ ciphertext ‖ tag (16)
 * @param aad the bytes that were bound when sealing
 * @throws SealBrokenError for anything that does not fit: key, aad, changed or truncated bytes
 * @throws RangeError when the key is not 32 bytes
 */
export function aeadOpen(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) {
    throw new SealBrokenError();
  }
  const tagStart = sealed.length - TAG_BYTES;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  // Without a fixed tag length GCM would accept a tag cut down to 4 bytes.
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(tagStart));
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, tagStart));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    throw new SealBrokenError();
  }
}
