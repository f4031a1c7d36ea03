import { timingSafeEqual } from 'node:crypto';

/** Compares two byte strings in a time that depends on their lengths only, which are no secret here. */
export function isConstantTimeEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
