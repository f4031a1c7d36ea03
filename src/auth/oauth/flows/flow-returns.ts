import { LoginDeniedError, ProviderUnavailableError } from '../providers/provider-errors.js';

/** Where the browser goes with a code. */
export function codeReturn(redirectUri: string, code: string): string {
  return withParameters(redirectUri, { code });
}

/** Where the browser goes when the provider was no help, with what OAuth 2.0 calls that (RFC 6749, 4.1.2.1). */
export function errorReturn(redirectUri: string, providerTitle: string, error: Error): string {
  return withParameters(redirectUri, describe(error, providerTitle));
}

function describe(error: Error, title: string): Record<string, string> {
  if (error instanceof LoginDeniedError)
    return {
      error: 'access_denied',
      error_description: `${title} was not allowed to tell who you are. Begin again, and agree.`,
    };
  if (error instanceof ProviderUnavailableError)
    return {
      error: 'temporarily_unavailable',
      error_description: `${title} does not answer. Try again in a few minutes, or log in another way.`,
    };
  return {
    error: 'server_error',
    error_description: `What ${title} answered could not be accepted. Log in another way, and tell the operator.`,
  };
}

/** The query that the address has already stays as it is. */
function withParameters(uri: string, parameters: Record<string, string>): string {
  const separator = uri.includes('?') ? '&' : '?';
  return `${uri}${separator}${new URLSearchParams(parameters).toString()}`;
}
