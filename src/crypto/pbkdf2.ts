import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

const pbkdf2Async = promisify(pbkdf2);

/**
 * PBKDF2-HMAC-SHA256 (RFC 8018) as it stands, without any floor; runs on libuv's thread pool. Passwords of
 * people go through derivePasswordKey, which knows what is strong enough.
 *
 * @returns `length` bytes
 */
export function pbkdf2Sha256(
  password: Buffer,
  salt: Buffer,
  iterations: number,
  length: number,
): Promise<Buffer> {
  return pbkdf2Async(password, salt, iterations, length, 'sha256');
}
