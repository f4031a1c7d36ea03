import { drawRandom } from '../../../crypto/draw-random.js';

/** No letter or digit that is taken for another one (RFC 4648 base32 in small letters). */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Of 5 bits each: 120 bits, where 112 are asked for (OWASP ASVS 5.0, 6.5.3). */
const CHARACTERS = 24;
const GROUP = /.{4}(?=.)/g;

/** A code for one use: six groups of four characters, such as `k3vq-7xmd-…`. */
export function drawBackupCode(): string {
  // The alphabet has 32 letters, so that each byte chooses one evenly.
  const letters = Array.from(drawRandom(CHARACTERS), (byte) => ALPHABET.charAt(byte % ALPHABET.length));
  return letters.join('').replace(GROUP, '$&-');
}

/** A code as it is compared, however its groups were typed. */
export function readBackupCode(typed: string): string {
  return typed.replace(/[\s-]/g, '').toLowerCase();
}
