import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/**
 * HKDF-SHA256, extract and expand (RFC 5869).
 *
 * @param inputKey keying material of full entropy; a password goes through derivePasswordKey instead
 * @param salt may be empty
 * @param info the context that separates one purpose from another, at most 1024 bytes
 * @param length of the output in bytes, at most 8160
 * @throws RangeError for a length or an info past these limits
 */
export function hkdfSha256(
  inputKey: Buffer | KeyObject,
  salt: Buffer,
  info: string | Buffer,
  length: number,
): Buffer {
  const key = Buffer.isBuffer(inputKey) ? createSecretKey(inputKey) : inputKey;
  return Buffer.from(hkdfSync('sha256', key, salt, info, length));
}
