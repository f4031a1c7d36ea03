import { drawRandom } from '../../../crypto/draw-random.js';

/** No letter or digit that is taken for another one (RFC 4648 base32 in small letters). */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** One for each character, which takes 5 bits of it: 120 bits, where 112 are asked for (OWASP ASVS 5.0, 6.5.2). */
const CODE_BYTES = 24;
const GROUP = /.{4}(?=.)/g;

/** A code for one use: six groups of four characters, such as `k3vq-7xmd-…`. */
export function drawBackupCode(): string {
  // The alphabet has 32 letters, so that each byte chooses one evenly.
  const letters = Array.from(drawRandom(CODE_BYTES), (byte) => ALPHABET.charAt(byte % ALPHABET.length));
  return letters.join('').replace(GROUP, '$&-');
}

/** A code as it is compared, however its groups were typed. */
export function readBackupCode(typed: string): string {
  return typed.replace(/[\s-]/g, '').toLowerCase();
}
