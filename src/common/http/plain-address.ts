import { isIP } from 'node:net';

/**
 * The address in what X-Forwarded-For may hold: some proxies add the port, and with it brackets, or the interface of a
 * link-local address.
 */
export function toPlainAddress(given: string): string | null {
  const host = /^\[([^\]]*)\](?::\d+)?$/.exec(given)?.[1] ?? /^([\d.]+):\d+$/.exec(given)?.[1] ?? given;
  const address = host.replace(/%.*$/s, '');
  return isIP(address) === 0 ? null : address;
}
