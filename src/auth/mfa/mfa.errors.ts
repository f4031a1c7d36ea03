import { AppError } from '../../common/errors/app-error.js';
import type { SecondFactorMethod } from './second-factor.service.js';

/** For clients of the OAuth2 form, who take any 200 for tokens. */
export class MfaRequiredError extends AppError {
  constructor(mfaToken: string, methods: readonly SecondFactorMethod[]) {
    super('MFA_REQUIRED', 'The password is right; complete the login with a second factor.', {
      details: { mfa_required: true, mfa_token: mfaToken, methods },
    });
  }
}

/** The same whatever is wrong with the token: unknown, expired, used, tried too often, its password changed. */
export class MfaTokenInvalidError extends AppError {
  constructor() {
    super('MFA_TOKEN_INVALID', 'This login does not wait for a second factor any more; begin it again.');
  }
}

/** The same for a wrong code and for one that was used before. */
export class CodeInvalidError extends AppError {
  constructor() {
    super('CODE_INVALID', 'This code is wrong, or was used already.');
  }
}

export class MfaAlreadyEnabledError extends AppError {
  constructor() {
    super(
      'MFA_ALREADY_ENABLED',
      'This account has an authenticator app already; disable it to set up another one.',
    );
  }
}

export class MfaNotEnabledError extends AppError {
  constructor() {
    super('MFA_NOT_ENABLED', 'This account has no authenticator app.');
  }
}

export class MfaSetupNotStartedError extends AppError {
  constructor() {
    super('MFA_SETUP_NOT_STARTED', 'No setup of an authenticator app is under way; begin one.');
  }
}

export class MfaSetupRequiredError extends AppError {
  constructor() {
    super(
      'MFA_SETUP_REQUIRED',
      'This service asks a second factor of you: set one up first (POST /auth/mfa/totp/setup or POST /auth/passkeys/register/options), or log in with your passkey.',
    );
  }
}

/** The password is not enough to add another factor to an account that must have one, and has one. */
export class PasskeyLoginRequiredError extends AppError {
  constructor() {
    super(
      'PASSKEY_LOGIN_REQUIRED',
      'Log in with your passkey to do this; if you have lost it, have an admin reset your second factor.',
    );
  }
}

/** An admin who could take their own factor away without showing it would make a stolen session enough. */
export class OwnMfaResetError extends AppError {
  constructor() {
    super('FORBIDDEN', 'Another admin can do this for you; your own second factor you disable yourself.');
  }
}
