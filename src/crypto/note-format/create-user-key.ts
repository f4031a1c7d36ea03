import { drawRandom } from '../draw-random.js';
import { KEY_BYTES } from '../wrap-key.js';

/** Draws the 32-byte key that everything of one user is under. Losing it is losing all their notes. */
export function createUserKey(): Buffer {
  return drawRandom(KEY_BYTES);
}
