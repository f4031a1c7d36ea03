import { getCACertificates } from 'node:tls';
import type { ClientConfig } from 'pg';
import { resolveConnection } from '../../database/postgres-connection.js';

/** How libpq is to encrypt, and what it trusts. */
export interface LibpqTls {
  /** undefined: nothing was said, and libpq encrypts where the server can. */
  readonly sslmode: 'disable' | 'require' | 'verify-ca' | 'verify-full' | undefined;
  /** PEM by the environment variable that names libpq its file. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * The TLS of libpq that is as strong as what our driver makes of the same connection: its words differ. The driver
 * takes `ssl=true` and every `sslmode` but `disable` and `no-verify` for a check of certificate and name, against the
 * CAs that Node.js trusts where none is given; with `uselibpqcompat=true` it means by them what libpq does, but never
 * goes on without encryption.
 */
export function libpqTls(connection: ClientConfig): LibpqTls {
  // Also what PGSSLMODE says where the connection says nothing.
  const { ssl } = resolveConnection(connection);
  if (ssl === false) return { sslmode: connection.ssl === false ? 'disable' : undefined, files: {} };
  const options = typeof ssl === 'object' ? ssl : {};
  const own = pem({ PGSSLCERT: options.cert, PGSSLKEY: options.key });
  // With a CA, libpq would check the certificate after all.
  if (options.rejectUnauthorized === false) return { sslmode: 'require', files: own };
  return {
    sslmode: options.checkServerIdentity ? 'verify-ca' : 'verify-full',
    files: { ...own, ...pem({ PGSSLROOTCERT: options.ca ?? getCACertificates('default').join('\n') }) },
  };
}

function pem(values: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
