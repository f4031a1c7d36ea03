import { createHmac, createSecretKey } from 'node:crypto';

/** HMAC-SHA256 (RFC 2104), 32 bytes. Text counts as its UTF-8 bytes. */
export function hmacSha256(key: Buffer, data: Buffer | string): Buffer {
  return createHmac('sha256', createSecretKey(key)).update(data).digest();
}
