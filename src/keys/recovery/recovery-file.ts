import { z } from 'zod';
import {
  KdfParametersRefusedError,
  KeyRingInvalidError,
  SealBrokenError,
} from '../../crypto/crypto.errors.js';
import { openRecovery } from '../../crypto/recovery-format/open-recovery.js';
import { sealRecovery } from '../../crypto/recovery-format/seal-recovery.js';
import type { RecoveryHeader, SealedRecovery } from '../../crypto/recovery-format/sealed-recovery.js';
import { summarizeRings, type RecoveredRings } from './recovered-rings.js';
import { RecoveryFileError } from './recovery-file-error.js';

const FORMAT = 'mc101-recovery-1';

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));

const FILE = z.object({
  format: z.literal(FORMAT),
  service: z.string(),
  created_at: z.string(),
  kdf: z.object({ name: z.string(), iterations: z.number(), salt: bytes }),
  key_commitment: bytes,
  sealed: bytes,
});

const ring = z.string().optional();
const RINGS = z.object({
  APP_ENCRYPTION_KEY: ring,
  TOKEN_PEPPER: ring,
  JWT_SECRET_KEY: ring,
  LOG_SIGNING_KEY: ring,
});

/** The text of a recovery file that holds these rings. */
export async function sealRecoveryFile(
  rings: RecoveredRings,
  passphrase: string,
  header: RecoveryHeader,
): Promise<string> {
  const { service, createdAt, kdf, keyCommitment, sealed } = await sealRecovery(
    passphrase,
    header,
    JSON.stringify(rings),
  );
  const file = {
    format: FORMAT,
    service,
    created_at: createdAt,
    kdf: { ...kdf, salt: kdf.salt.toString('base64') },
    key_commitment: keyCommitment.toString('base64'),
    sealed: sealed.toString('base64'),
  } satisfies z.input<typeof FILE>;
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/**
 * Reads the text of a recovery file.
 * @param place of the file, for messages
 * @throws RecoveryFileError
 */
export async function openRecoveryText(
  text: string,
  passphrase: string,
  place: string,
): Promise<RecoveredRings> {
  const recovery = parse(text, place);
  try {
    const rings = RINGS.parse(JSON.parse(await openRecovery(passphrase, recovery)));
    summarizeRings(rings);
    return rings;
  } catch (error) {
    if (error instanceof SealBrokenError)
      throw new RecoveryFileError(
        `${place} does not open: the passphrase is another one, or the file was changed.`,
      );
    if (error instanceof KdfParametersRefusedError) throw damaged(place);
    if (error instanceof KeyRingInvalidError || error instanceof z.ZodError || error instanceof SyntaxError)
      throw damaged(place);
    throw error;
  }
}

function parse(text: string, place: string): SealedRecovery {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw damaged(place);
  }
  const { data, success } = FILE.safeParse(content);
  if (!success) throw damaged(place);
  const { service, created_at, kdf, key_commitment, sealed } = data;
  return { service, createdAt: created_at, kdf, keyCommitment: key_commitment, sealed };
}

function damaged(place: string): RecoveryFileError {
  return new RecoveryFileError(
    `${place} is no recovery file of this version, or is damaged: use another copy of it.`,
  );
}
