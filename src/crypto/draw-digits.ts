import { randomInt } from 'node:crypto';

/** Draws decimal digits from the system's CSPRNG, each sequence as likely as any other. @param count at most 14 */
export function drawDigits(count: number): string {
  return String(randomInt(10 ** count)).padStart(count, '0');
}
