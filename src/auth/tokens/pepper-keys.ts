import type { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

/**
 * A subkey of every entry of TOKEN_PEPPER: the first writes, all read.
 * @param context of the subkeys: no kind of hash is ever taken for another
 */
export function pepperKeys(config: AppConfig, context: string): readonly [Buffer, ...Buffer[]] {
  const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
  return ring.ids.map((id) => deriveSubkey(ring.find(id), context)) as [Buffer, ...Buffer[]];
}
