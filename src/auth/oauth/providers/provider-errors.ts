import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';

/** Somebody did not let the provider tell who they are, or the provider did not let them in. */
export class LoginDeniedError extends Error {
  override readonly name = 'LoginDeniedError';
}

/** The provider does not answer, not in time, or says that it cannot for now. */
export class ProviderUnavailableError extends Error {
  override readonly name = 'ProviderUnavailableError';
}

/** The provider refuses us, or what it says is not to be believed. */
export class ProviderRefusedError extends Error {
  override readonly name = 'ProviderRefusedError';
}

/** What an authorization server answers where the person did not log in or did not agree (OpenID Connect Core, 3.1.2.6). */
const DENIALS = [
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
];

/** Errors by the words of RFC 6749, 4.1.2.1 and 5.2. Others come from whoever made the answer, and are not repeated. */
const KNOWN_ERRORS = [
  'invalid_request',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
  'invalid_client',
  'invalid_grant',
  'unsupported_grant_type',
];

/** Too many requests, or nothing that it could do. */
const isForNow = (status: number) => status === 429 || status >= 500;

/**
 * What an error of a provider, or of the library that speaks to it, means for a login. Sentences of ours and of the
 * library only: causes carry tokens.
 * @throws what is neither: that is our own mistake
 */
export function toProviderError(error: unknown): Error {
  if (isProviderError(error)) return error;
  if (error instanceof AuthorizationResponseError) return ofBrowser(error.error);
  if (error instanceof ResponseBodyError) return ofStatus(error.status, wordOf(error.error));
  if (error instanceof WWWAuthenticateChallengeError) return ofStatus(error.status, 'with a challenge');
  if (error instanceof ClientError) return ofClient(error);
  throw error;
}

export function isProviderError(error: unknown): error is Error {
  return (
    error instanceof LoginDeniedError ||
    error instanceof ProviderUnavailableError ||
    error instanceof ProviderRefusedError
  );
}

/** What the provider has the browser say. */
function ofBrowser(error: string): Error {
  if (DENIALS.includes(error)) return new LoginDeniedError(error);
  const isBusy = error === 'temporarily_unavailable';
  return new (isBusy ? ProviderUnavailableError : ProviderRefusedError)(
    `it answered the browser ${wordOf(error)}`,
  );
}

function ofStatus(status: number, how: string): Error {
  return new (isForNow(status) ? ProviderUnavailableError : ProviderRefusedError)(
    `it answered ${status} ${how}`,
  );
}

function ofClient({ message, cause }: ClientError): Error {
  if (isProviderError(cause)) return cause;
  const { status, claim } = (cause ?? {}) as { status?: unknown; claim?: unknown };
  if (typeof status === 'number' && isForNow(status)) return ofStatus(status, '');
  return new ProviderRefusedError(typeof claim === 'string' ? `${message}: ${claim}` : message);
}

function wordOf(error: string): string {
  return KNOWN_ERRORS.includes(error) ? `with ${error}` : 'with an unknown error';
}
