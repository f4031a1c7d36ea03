import { isLoopback } from './loopback.js';

/** A scheme that belongs to one app (RFC 8252, 7.1): with a dot, as the reverse of a domain has. */
const APP_SCHEME = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/;

/** Whether a browser may be sent to this address with a code: a page over TLS, one of this machine, or an app. */
export function isRedirectUri(uri: string): boolean {
  if (uri.includes('#') || !URL.canParse(uri)) return false;
  const { protocol, hostname, username, password } = new URL(uri);
  if (username !== '' || password !== '') return false;
  if (protocol === 'http:') return isLoopback(hostname);
  return protocol === 'https:' || APP_SCHEME.test(protocol);
}
