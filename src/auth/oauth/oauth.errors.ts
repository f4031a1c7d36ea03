import { AppError } from '../../common/errors/app-error.js';

export class OAuthProviderNotFoundError extends AppError {
  constructor() {
    super(
      'OAUTH_PROVIDER_NOT_FOUND',
      'Nobody can log in here with this provider; GET /auth/oauth/providers lists who.',
    );
  }
}

/** Answered and never redirected to: the address may be anybody's. */
export class RedirectUriNotAllowedError extends AppError {
  constructor() {
    super(
      'REDIRECT_URI_NOT_ALLOWED',
      'redirect_uri is none of those that this service sends browsers to; its operator lists them in OAUTH_ALLOWED_REDIRECT_URIS.',
    );
  }
}

/** The same for a login that nobody began, one of another browser or provider, one that has ended, one too old. */
export class OAuthStateInvalidError extends AppError {
  constructor() {
    super(
      'OAUTH_STATE_INVALID',
      'This browser began no such login, or too long ago, or it has come back before; begin again.',
    );
  }
}

/** The same for an unknown code, one that was used, one too old, one that another verifier belongs to. */
export class OAuthCodeInvalidError extends AppError {
  constructor() {
    super('OAUTH_CODE_INVALID', 'This code is good for nothing, or not any more; begin the login again.');
  }
}

/** Whoever has shown the identity may know that there is an account; it stays as it is until its owner says so. */
export class IdentityNotLinkedError extends AppError {
  constructor(linkCode: string, expiresInSeconds: number) {
    super(
      'IDENTITY_NOT_LINKED',
      'An account has this e-mail address already. Log in to it as before, then link the provider: POST /auth/identities with details.link_code and the same code_verifier.',
      { details: { link_code: linkCode, expires_in: expiresInSeconds } },
    );
  }
}

export class OAuthEmailMissingError extends AppError {
  constructor() {
    super(
      'OAUTH_EMAIL_MISSING',
      'The provider told no e-mail address, and an account needs one. Let it tell the address, or register with one and link the provider.',
    );
  }
}

export class IdentityTakenError extends AppError {
  constructor() {
    super('IDENTITY_TAKEN', 'This login at the provider belongs to another account here.');
  }
}

export class IdentityLimitError extends AppError {
  constructor(limit: number) {
    super('IDENTITY_LIMIT', `An account has at most ${limit} linked logins; unlink one first.`);
  }
}

/** Also for one of somebody else. */
export class IdentityNotFoundError extends AppError {
  constructor() {
    super('IDENTITY_NOT_FOUND', 'There is no such linked login.');
  }
}

/** The identity was unlinked, or its account disabled, between two steps of a login. */
export class IdentityRefusedError extends AppError {
  constructor() {
    super('INVALID_CREDENTIALS', 'This login opens no account here any more.');
  }
}
