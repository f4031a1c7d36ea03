import { createHash, createSecretKey, scryptSync } from 'node:crypto';
import { hkdfSha256 } from './hkdf.js';
import type { KeyRingEntry } from './key-ring.js';
import { KEY_BYTES } from './wrap-key.js';

/**
 * OWASP's scrypt setting with the smallest memory (32 MiB). Part of the stored format: another number is
 * another key, and every wrapped key would be lost.
 */
const SCRYPT = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const SALT_CONTEXT = 'mc101/key-ring/v1/';
const ID_CONTEXT = 'mc101/key-id';
const NO_SALT = Buffer.alloc(0);

/**
 * Stretches the passphrase of a key-ring variable into an entry: scrypt (RFC 7914) over the UTF-8 bytes of its
 * NFC form, with the variable's name in the salt. The salt cannot be random: every process must come to the
 * same key from the passphrase alone, which is why a long passphrase, or better a random key, is asked for.
 *
 * The id is `p-` and the first 8 hex digits of SHA-256(HKDF(key, 'mc101/key-id')): another passphrase has
 * another id, so a changed one is reported as a missing key, not as broken data.
 */
export function stretchPassphrase(variableName: string, passphrase: string): KeyRingEntry {
  const password = Buffer.from(passphrase.normalize('NFC'), 'utf8');
  const stretched = scryptSync(password, `${SALT_CONTEXT}${variableName}`, KEY_BYTES, SCRYPT);
  const fingerprint = createHash('sha256')
    .update(hkdfSha256(stretched, NO_SALT, ID_CONTEXT, 32))
    .digest('hex');
  return { id: `p-${fingerprint.slice(0, 8)}`, key: createSecretKey(stretched) };
}
