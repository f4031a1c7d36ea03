import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parsePostgresUrl } from '../../config/postgres-url.js';

/** What a URL may say besides the address and is meant for libpq too. Others are for our own driver alone. */
const PASSED_ON = [
  'host',
  'port',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'channel_binding',
  'target_session_attrs',
  'options',
];

/** How PostgreSQL's programs reach a database: everything but the password may stand on a command line. */
export interface LibpqTarget {
  /** Keyword/value pairs as for `--dbname`. */
  readonly conninfo: string;
  readonly password: string | undefined;
}

/** @param database another one at the same server */
export function libpqTarget(url: string, database?: string): LibpqTarget {
  const { hostname, port, username, password, pathname, searchParams } = parsePostgresUrl(url);
  const values: Record<string, string> = {
    host: decodeURIComponent(hostname),
    port: port || '5432',
    user: decodeURIComponent(username),
    dbname: database ?? decodeURIComponent(pathname.slice(1)),
  };
  for (const name of PASSED_ON) {
    const value = searchParams.get(name);
    if (value !== null) values[name] = value;
  }
  // Our driver's word for encryption without a check of the certificate; libpq calls it so.
  if (values['sslmode'] === 'no-verify') values['sslmode'] = 'require';
  return {
    conninfo: Object.entries(values)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}='${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
      .join(' '),
    password: decodeURIComponent(password) || searchParams.get('password') || undefined,
  };
}

/**
 * Does something with the password in a passfile that only this user can read. Neither a command line nor an
 * environment ever holds it: both show in the list of processes.
 */
export async function withPassFile<T>(
  { password }: LibpqTarget,
  work: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  if (password === undefined) return work({});
  const folder = await mkdtemp(path.join(tmpdir(), 'mc101-pass-'));
  try {
    const file = path.join(folder, 'passfile');
    const escaped = password.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
    await writeFile(file, `*:*:*:*:${escaped}\n`, { mode: 0o600, flag: 'wx' });
    return await work({ PGPASSFILE: file });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
