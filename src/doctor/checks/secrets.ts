import { createHash } from 'node:crypto';
import { isWeakSecret } from '../../config/parse-env.js';
import { KeyRingInvalidError } from '../../crypto/crypto.errors.js';
import { isPassphrase, parseKeyRing } from '../../crypto/parse-key-ring.js';
import { RING_NAMES, type RecoveredRings } from '../../keys/recovery/recovered-rings.js';
import type { Check } from '../check.js';
import { off, orElse, problem, warning, type Finding } from '../finding.js';

/** Of 32 random bytes about 30 differ; that fewer than 20 do happens to nobody. */
const LEAST_DISTINCT_BYTES = 20;
const DRAW = 'Draw a key with: echo "k2:$(openssl rand -base64 32)"';
const ROTATE = `${DRAW}, and put it in place as the runbook says (deploy/README.md, Key rotation).`;

export const secrets: Check = {
  name: 'secrets',
  look: ({ config, env }) => judgeSecrets('there' in config ? config.there.secrets : env),
};

/** How hard the keys are to guess. Names and ids are told, never a value. @internal for tests */
export function judgeSecrets(rings: RecoveredRings): readonly Finding[] {
  const given = RING_NAMES.flatMap((name) => {
    const value = rings[name];
    return value ? [{ name, value }] : [];
  });
  if (given.length === 0) return [off('Not looked at: there are none yet, or they cannot be read.')];
  const findings = given.flatMap(({ name, value }) => judgeRing(name, value));
  return orElse(
    [...findings, ...findShared(given)],
    `${given.map(({ name }) => name).join(', ')}: random keys.`,
  );
}

function judgeRing(name: string, value: string): Finding[] {
  if (isPassphrase(value))
    return isWeakSecret(value)
      ? [problem(`${name} is a passphrase that is easy to guess.`, ROTATE)]
      : [warning(`${name} is a passphrase, and only as strong as it is hard to guess.`, ROTATE)];
  return entriesOf(name, value).flatMap((entries) =>
    'wrong' in entries
      ? [problem(entries.wrong, `Put the former value back, or where there is none, ${DRAW}.`)]
      : isGuessable(entries.key)
        ? [problem(`${name} holds the key "${entries.id}", which nobody has drawn at random.`, ROTATE)]
        : [],
  );
}

/** Written by somebody, a pattern, or padded. */
function isGuessable(key: Buffer): boolean {
  const isText = key.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText || new Set(key).size < LEAST_DISTINCT_BYTES;
}

/** One leak would be two. */
function findShared(given: readonly { name: string; value: string }[]): Finding[] {
  const seen = new Map<string, string>();
  const shared = new Set<string>();
  for (const { name, value } of given) {
    for (const print of new Set(fingerprints(name, value))) {
      const first = seen.get(print);
      if (first !== undefined) shared.add(`${first} and ${name}`);
      else seen.set(print, name);
    }
  }
  return [...shared].map((names) =>
    problem(`${names} hold the same key: who learns one has the other.`, ROTATE),
  );
}

function fingerprints(name: string, value: string): string[] {
  const secret = isPassphrase(value)
    ? [Buffer.from(value.normalize('NFC'))]
    : entriesOf(name, value).flatMap((entry) => ('wrong' in entry ? [] : [entry.key]));
  return secret.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
}

function entriesOf(name: string, value: string): ({ id: string; key: Buffer } | { wrong: string })[] {
  try {
    const ring = parseKeyRing(name, value);
    return ring.ids.map((id) => ({ id, key: ring.find(id).key.export() }));
  } catch (error) {
    if (error instanceof KeyRingInvalidError) return [{ wrong: error.message }];
    throw error;
  }
}
