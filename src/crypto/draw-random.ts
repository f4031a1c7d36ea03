import { randomBytes } from 'node:crypto';

/**
 * Draws `length` bytes from the system's CSPRNG. Every key, nonce and salt of this folder comes from here:
 * no function that seals takes a nonce, so no caller can ever repeat one.
 */
export function drawRandom(length: number): Buffer {
  return randomBytes(length);
}
