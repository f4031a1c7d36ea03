import { AppError } from '../../common/errors/app-error.js';

/** The same for an unknown passkey, a wrong signature, a used challenge and a disabled account. */
export class PasskeyRefusedError extends AppError {
  constructor() {
    super(
      'INVALID_CREDENTIALS',
      'This passkey opens no account here, or its answer came too late; ask for options again.',
    );
  }
}

/** For somebody who is logged in and registers. */
export class PasskeyInvalidError extends AppError {
  constructor(origin: string) {
    super(
      'PASSKEY_INVALID',
      `This is no answer to the options that were asked for within the last five minutes, from a page at ${origin}, with user verification and without attestation.`,
    );
  }
}

/** Whoever's it is. */
export class PasskeyExistsError extends AppError {
  constructor() {
    super('PASSKEY_EXISTS', 'This passkey is registered already.');
  }
}

export class PasskeyLimitError extends AppError {
  constructor(limit: number) {
    super('PASSKEY_LIMIT', `An account has at most ${limit} passkeys; remove one first.`);
  }
}

/** Also for one of somebody else. */
export class PasskeyNotFoundError extends AppError {
  constructor() {
    super('PASSKEY_NOT_FOUND', 'There is no such passkey.');
  }
}

export class PasskeysUnavailableError extends AppError {
  constructor() {
    super(
      'PASSKEYS_UNAVAILABLE',
      'Passkeys need a host name, and PUBLIC_URL of this service has an IP address.',
    );
  }
}
