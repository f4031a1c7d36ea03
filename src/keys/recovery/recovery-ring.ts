import { KeyRing, type KeyRingEntry } from '../../crypto/key-ring.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';
import type { RecoveredRings } from './recovered-rings.js';
import { RecoveryFileError } from './recovery-file-error.js';

/** A ring that reads what the configured one and a recovery file's together can read. */
export interface RecoveryRing {
  /** For reading alone: nothing is to be written under it. */
  readonly ring: KeyRing;
  /** Ids that only the file has: APP_ENCRYPTION_KEY needs them before the service can run on what they open. */
  readonly missing: string[];
  /** Ids under which the file has another key than APP_ENCRYPTION_KEY; in `ring` the file's stands. */
  readonly differing: string[];
}

/**
 * Puts the APP_ENCRYPTION_KEY of a recovery file behind the configured one. Every new installation draws a key with the
 * id "k1": where the two have different keys under one id, the file was given because its own is the right one.
 * @throws RecoveryFileError when the file holds no APP_ENCRYPTION_KEY
 */
export function recoveryRing(configured: KeyRing, { APP_ENCRYPTION_KEY }: RecoveredRings): RecoveryRing {
  if (APP_ENCRYPTION_KEY === undefined)
    throw new RecoveryFileError('The recovery file holds no APP_ENCRYPTION_KEY: use another one.');
  const recovered = parseKeyRing('APP_ENCRYPTION_KEY', APP_ENCRYPTION_KEY);
  const missing = recovered.ids.filter((id) => !configured.ids.includes(id));
  const differing = recovered.ids.filter(
    (id) => configured.ids.includes(id) && !configured.find(id).key.equals(recovered.find(id).key),
  );
  const pick = (id: string): KeyRingEntry => (differing.includes(id) ? recovered : configured).find(id);
  const [, ...older] = configured.ids;
  const ring = new KeyRing(pick(configured.current.id), [
    ...older.map(pick),
    ...missing.map((id) => recovered.find(id)),
  ]);
  return { ring, missing, differing };
}
