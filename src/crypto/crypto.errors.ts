/**
 * What the primitives refuse. Domain-neutral and free of the web: each class has a stable `code`, callers
 * decide what a refusal means to their user. No message ever carries a key, a password or plaintext.
 */
abstract class CryptoError extends Error {
  abstract readonly code: string;

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** Sealed bytes that do not open: changed, truncated, moved to another place, or under another key. */
export class SealBrokenError extends CryptoError {
  readonly code: string = 'SEAL_BROKEN';

  constructor(message = 'The sealed data does not open.') {
    super(message);
  }
}

/**
 * A wrapped key that does not open. Apart from its parent, because in personal mode this is what a wrong
 * password looks like, while a broken seal under a key that did open is always tampering or damage.
 */
export class WrappedKeyBrokenError extends SealBrokenError {
  override readonly code = 'WRAPPED_KEY_BROKEN';

  constructor() {
    super('The wrapped key does not open.');
  }
}

/** A key id that the ring does not hold. */
export class KeyUnknownError extends CryptoError {
  readonly code = 'KEY_UNKNOWN';

  constructor(readonly keyId: string) {
    super(`The key ring holds no key with the id "${keyId}".`);
  }
}

/** The value of a key-ring variable cannot be read. The message names the variable, never its value. */
export class KeyRingInvalidError extends CryptoError {
  readonly code = 'KEY_RING_INVALID';

  constructor(
    readonly variableName: string,
    problem: string,
  ) {
    super(`${variableName} ${problem}`);
  }
}

/** Stored password-hashing parameters that are too weak, too expensive or not known. */
export class KdfParametersRefusedError extends CryptoError {
  readonly code = 'KDF_PARAMETERS_REFUSED';
}

/** A stored format version that this program does not know. */
export class FormatUnknownError extends CryptoError {
  readonly code = 'FORMAT_UNKNOWN';

  constructor(readonly formatVersion: number) {
    super(`The note format ${formatVersion} is not known.`);
  }
}
