import { createCipheriv, createSecretKey } from 'node:crypto';
import { drawRandom } from './draw-random.js';

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/**
 * Seals `plaintext` with AES-256-GCM (NIST SP 800-38D) under a fresh random 96-bit nonce.
 *
 * Random nonces are safe for 2^32 writes under one key, which is far above what one user or one ring sees.
 *
 * @param key 32 bytes
 * @param aad what the ciphertext is bound to (see encodeAad); opening needs the same bytes
 * @returns nonce (12) ‖ ciphertext (as long as the plaintext) ‖ tag (16)
 * @throws RangeError when the key is not 32 bytes
 */
export function aeadSeal(key: Buffer, plaintext: Buffer, aad: Buffer): Buffer {
  const nonce = drawRandom(NONCE_BYTES);
  // As a key object: Node takes several times as long to look at bytes first.
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}
