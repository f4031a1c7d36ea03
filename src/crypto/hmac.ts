import { createHmac, createSecretKey } from 'node:crypto';
import { isConstantTimeEqual } from './constant-time-equal.js';

/** HMAC-SHA256 (RFC 2104), 32 bytes. Text counts as its UTF-8 bytes. */
export function hmacSha256(key: Buffer, data: Buffer | string): Buffer {
  return createHmac('sha256', createSecretKey(key)).update(data).digest();
}

/** Whether `mac` is the HMAC-SHA256 of `data` under `key`, compared in constant time. */
export function verifyHmacSha256(key: Buffer, data: Buffer | string, mac: Buffer): boolean {
  return isConstantTimeEqual(hmacSha256(key, data), mac);
}
