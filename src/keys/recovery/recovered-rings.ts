import type { Secrets } from '../../config/app-config.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

/** In the order in which a file lists them. */
export const RING_NAMES = [
  'APP_ENCRYPTION_KEY',
  'TOKEN_PEPPER',
  'JWT_SECRET_KEY',
  'LOG_SIGNING_KEY',
] as const satisfies (keyof Secrets)[];

/** The rings of a recovery file: variable names, and values as the environment takes them. */
export type RecoveredRings = Partial<Record<(typeof RING_NAMES)[number], string>>;

/** Which keys there are, and nothing of what they are. */
export interface RingSummary {
  readonly name: string;
  /** The writing one first. */
  readonly ids: string[];
}

/**
 * Which keys the rings hold, ring by ring; one that is missing is left out.
 * @throws KeyRingInvalidError
 */
export function summarizeRings(rings: RecoveredRings): RingSummary[] {
  return RING_NAMES.flatMap((name) => {
    const value = rings[name];
    return value === undefined ? [] : [{ name, ids: parseKeyRing(name, value).ids }];
  });
}

/**
 * Spells a ring as the list that its variable takes. A passphrase becomes the entry that it stretches to, which keeps
 * its id, so that it can stand in a list beside others.
 */
export function spellRing(ring: KeyRing): string {
  return ring.ids.map((id) => `${id}:${ring.find(id).key.export().toString('base64')}`).join(',');
}
