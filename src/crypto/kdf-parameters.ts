import { drawRandom } from './draw-random.js';
import { KdfParametersRefusedError } from './crypto.errors.js';

const KDF_NAME = 'pbkdf2-hmac-sha256';
/** OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256. */
export const KDF_DEFAULT_ITERATIONS = 600_000;
const KDF_MIN_ITERATIONS = 600_000;
const KDF_MAX_ITERATIONS = 2_000_000;
const KDF_SALT_BYTES = 16;

/** How a password was turned into a key; stored in the open beside what the key wraps. */
export interface KdfParameters {
  readonly name: string;
  readonly iterations: number;
  /** 16 random bytes, drawn for each password that is set. */
  readonly salt: Buffer;
}

/** Parameters for a password that is set now: the default cost and a fresh salt. */
export function newKdfParameters(): KdfParameters {
  return { name: KDF_NAME, iterations: KDF_DEFAULT_ITERATIONS, salt: drawRandom(KDF_SALT_BYTES) };
}

/**
 * Refuses stored parameters that someone weakened, or raised to burn the processor.
 *
 * @throws KdfParametersRefusedError
 */
export function checkKdfParameters(parameters: KdfParameters): void {
  const { name, iterations, salt } = parameters;
  if (name !== KDF_NAME) {
    throw new KdfParametersRefusedError('The key derivation function is not known.');
  }
  if (
    !Number.isSafeInteger(iterations) ||
    iterations < KDF_MIN_ITERATIONS ||
    iterations > KDF_MAX_ITERATIONS
  ) {
    throw new KdfParametersRefusedError(
      `PBKDF2 must run between ${KDF_MIN_ITERATIONS} and ${KDF_MAX_ITERATIONS} iterations.`,
    );
  }
  if (salt.length !== KDF_SALT_BYTES) {
    throw new KdfParametersRefusedError(`The salt must have ${KDF_SALT_BYTES} bytes.`);
  }
}
