import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
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
  /** What the folders of its passfiles begin with: the same for all databases that work for this one. */
  readonly passFilePrefix: string;
}

/** @param database another one at the same server */
export function libpqTarget(url: string, database?: string): LibpqTarget {
  const { hostname, port, username, password, pathname, searchParams } = parsePostgresUrl(url);
  const values: Record<string, string> = {
    // A URL has an IPv6 address in brackets, libpq has it without.
    host: decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1'),
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
    passFilePrefix: passFilePrefix(url),
    password: decodeURIComponent(password) || searchParams.get('password') || undefined,
  };
}

/**
 * Does something with the password in a passfile that only this user can read. Neither a command line nor an
 * environment ever holds it: both show in the list of processes.
 */
export async function withPassFile<T>(
  { password, passFilePrefix: prefix }: LibpqTarget,
  work: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  if (password === undefined) return work({});
  const folder = await mkdtemp(path.join(tmpdir(), prefix));
  try {
    const file = path.join(folder, 'passfile');
    const escaped = password.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
    await writeFile(file, `*:*:*:*:${escaped}\n`, { mode: 0o600, flag: 'wx' });
    return await work({ PGPASSFILE: file });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes passfiles that killed processes left. Needs the lock of the run: whoever has it is the only one who has any. */
export async function sweepPassFiles(url: string): Promise<void> {
  const prefix = passFilePrefix(url);
  for (const name of await readdir(tmpdir())) {
    if (name.startsWith(prefix)) await rm(path.join(tmpdir(), name), { recursive: true, force: true });
  }
}

function passFilePrefix(url: string): string {
  const { host, pathname, username, search } = parsePostgresUrl(url);
  const digest = createHash('sha256').update([host, pathname, username, search].join('\n')).digest('hex');
  return `mc101-pass-${digest.slice(0, 12)}-`;
}
