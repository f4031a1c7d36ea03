import { isError } from '../../../common/errors/is-error.js';
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';

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

const TIMED_OUT = ['OAUTH_TIMEOUT', 'OAUTH_ABORT'];
const UNEXPECTED_RESPONSE = 'OAUTH_RESPONSE_IS_NOT_CONFORM';

/** What an error of openid-client means for a login. Codes and sentences only: its causes carry tokens. */
export function toProviderError(error: unknown): Error {
  if (error instanceof AuthorizationResponseError)
    return DENIALS.includes(error.error)
      ? new LoginDeniedError(error.error)
      : error.error === 'temporarily_unavailable'
        ? new ProviderUnavailableError(error.error)
        : new ProviderRefusedError(`it answered the browser with ${error.error}`);
  if (error instanceof ResponseBodyError)
    return error.status >= 500
      ? new ProviderUnavailableError(`it answered ${error.status}`)
      : new ProviderRefusedError(`it answered ${error.status} ${error.error}`);
  if (error instanceof ClientError) return ofClient(error);
  if (isProviderError(error)) return error;
  return new ProviderRefusedError('its answer could not be read', { cause: error });
}

export function isProviderError(error: unknown): error is Error {
  return (
    error instanceof LoginDeniedError ||
    error instanceof ProviderUnavailableError ||
    error instanceof ProviderRefusedError
  );
}

function ofClient({ code, message, cause }: ClientError): Error {
  if (code !== undefined && TIMED_OUT.includes(code)) return new ProviderUnavailableError(message);
  // By fetch: no connection, or one that ended in the middle.
  if (isError(cause) && cause.name === 'TypeError')
    return new ProviderUnavailableError('it cannot be reached');
  if (isProviderError(cause)) return cause;
  const { status } = (cause ?? {}) as Partial<Response>;
  if (code === UNEXPECTED_RESPONSE && status !== undefined && status >= 500)
    return new ProviderUnavailableError(`it answered ${status}`);
  return new ProviderRefusedError(message);
}
