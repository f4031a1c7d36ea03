import { createSecretKey } from 'node:crypto';
import { KeyRingInvalidError } from './crypto.errors.js';
import { KeyRing, type KeyRingEntry } from './key-ring.js';
import { stretchPassphrase } from './stretch-passphrase.js';
import { KEY_BYTES } from './wrap-key.js';

const ID = /^[A-Za-z0-9._-]{1,32}$/;
/** `id:` and then no blank: what someone wrote who meant an entry, right or wrong. */
const MEANT_AS_ENTRY = /^[A-Za-z0-9._-]{1,32}:\S*$/;
/** Ends in what could be a key of 32 bytes: an entry too, whatever its id looks like. */
const ENDS_IN_KEY = /:[A-Za-z0-9+/_-]{43}=?$/;

/**
 * Reads the value of a key-ring variable.
 *
 * `id:base64(32 bytes)[,id:base64(32 bytes)…]`: the first entry writes, all read; blanks around an entry do not
 * count. Anything else is one passphrase, stretched by scrypt (about a tenth of a second, synchronous: at boot).
 *
 * As soon as one comma-separated part looks like an entry, the whole value is read as entries, so that a
 * damaged key is refused and never quietly becomes a passphrase. A passphrase is therefore refused when one
 * of its parts is a word, a colon and no blank.
 *
 * @param variableName for messages, and to give the same passphrase another key in another variable
 * @throws KeyRingInvalidError with one sentence that names the variable and the entry, never the value
 */
export function parseKeyRing(variableName: string, value: string): KeyRing {
  if (value.trim() === '') {
    throw new KeyRingInvalidError(variableName, 'is empty.');
  }
  if (isPassphrase(value)) return new KeyRing(stretchPassphrase(variableName, value), []);
  const parts = partsOf(value);

  const entries = parts.map((part, index) => parseEntry(variableName, part, index + 1));
  const ids = new Set<string>();
  for (const { id } of entries) {
    if (ids.has(id)) {
      throw new KeyRingInvalidError(variableName, `holds the key id "${id}" twice.`);
    }
    ids.add(id);
  }
  const [current, ...older] = entries;
  if (current === undefined) {
    throw new KeyRingInvalidError(variableName, 'is empty.');
  }
  return new KeyRing(current, older);
}

/** Whether the value of a key-ring variable is one passphrase, and no list of keys. */
export function isPassphrase(value: string): boolean {
  return !partsOf(value).some((part) => MEANT_AS_ENTRY.test(part) || ENDS_IN_KEY.test(part));
}

function partsOf(value: string): string[] {
  return value.split(',').map((part) => part.trim());
}

function parseEntry(variableName: string, part: string, position: number): KeyRingEntry {
  const colon = part.indexOf(':');
  const id = part.slice(0, Math.max(colon, 0));
  if (!ID.test(id)) {
    // The bad id is not shown: without a colon it may be the key itself.
    throw new KeyRingInvalidError(
      variableName,
      `is a list of keys, but entry ${position} does not start with an id (1 to 32 of A-Z a-z 0-9 . _ -) and a colon.`,
    );
  }
  const text = part.slice(colon + 1);
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is not base64; only a text that comes back as it was is one.
  if (bytes.toString('base64') !== text) {
    throw new KeyRingInvalidError(
      variableName,
      `is a list of keys, but entry ${position} is not valid base64.`,
    );
  }
  if (bytes.length !== KEY_BYTES) {
    throw new KeyRingInvalidError(
      variableName,
      `is a list of keys, but entry ${position} has ${bytes.length} bytes instead of ${KEY_BYTES}.`,
    );
  }
  return { id, key: createSecretKey(bytes) };
}
