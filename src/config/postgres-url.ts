/**
 * Reads a PostgreSQL URL. One for a Unix socket, `postgresql://user:password@/name?host=/folder`, has credentials and
 * no host, which the WHATWG parser refuses: its host reads as `localhost`.
 * @throws TypeError for what is no URL
 */
export function parsePostgresUrl(url: string): URL {
  return new URL(url.replace(/@(?=\/)/, '@localhost'));
}
