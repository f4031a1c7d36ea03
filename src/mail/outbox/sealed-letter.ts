import { encodeAad } from '../../crypto/aad.js';
import { aeadOpen } from '../../crypto/aead-open.js';
import { aeadSeal } from '../../crypto/aead-seal.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import type { KeyRing, KeyRingEntry } from '../../crypto/key-ring.js';

const CONTEXT = 'mc101/mail/v1';

/** Which letter something sealed belongs to. */
export interface SealedFor {
  readonly id: string;
  readonly kind: string;
}

/** To whom, and what the letter is told. */
export interface Addressed {
  readonly to: string;
  readonly data: unknown;
}

/** Seals under one entry of APP_ENCRYPTION_KEY, bound to id, kind and that entry's id. */
export function sealLetter(entry: KeyRingEntry, letter: SealedFor, content: Addressed): Buffer {
  return aeadSeal(
    deriveSubkey(entry, CONTEXT),
    Buffer.from(JSON.stringify(content)),
    bindingOf(letter, entry.id),
  );
}

/** @throws SealBrokenError for another letter, another key, changed bytes */
export function openLetter(ring: KeyRing, keyId: string, letter: SealedFor, sealed: Buffer): Addressed {
  const bytes = aeadOpen(deriveSubkey(ring.find(keyId), CONTEXT), sealed, bindingOf(letter, keyId));
  return JSON.parse(bytes.toString()) as Addressed;
}

function bindingOf({ id, kind }: SealedFor, keyId: string): Buffer {
  return encodeAad(['mc101/mail', 1, id, kind, keyId]);
}
