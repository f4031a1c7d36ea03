import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parsePostgresUrl } from '../../config/postgres-url.js';
import { postgresConnection, resolveConnection } from '../../database/postgres-connection.js';
import { libpqTls, type LibpqTls } from './libpq-tls.js';

/** What a URL may say besides the address and is meant for libpq too. Others are for our own driver alone. */
const PASSED_ON = ['channel_binding', 'sslnegotiation', 'target_session_attrs', 'options'];

/** How PostgreSQL's programs reach a database: everything but the password may stand on a command line. */
export interface LibpqTarget {
  /** Keyword/value pairs as for `--dbname`. */
  readonly conninfo: string;
  readonly password: string | undefined;
  /** What stands in files beside the password, by the variable that names the file. */
  readonly tlsFiles: LibpqTls['files'];
  /** What the folders of its passfiles begin with: the same for all databases that work for this one. */
  readonly passFilePrefix: string;
}

/**
 * The address, role and TLS that our own driver would use.
 * @param database another one at the same server
 */
export function libpqTarget(url: string, database?: string): LibpqTarget {
  const connection = postgresConnection(url, database);
  const { host, port, user, database: dbname, password } = resolveConnection(connection);
  const { sslmode, files } = libpqTls(connection);
  const values: Record<string, string> = {
    host,
    port: String(port),
    user: user ?? '',
    dbname: dbname ?? '',
    sslmode: sslmode ?? '',
  };
  const { searchParams } = parsePostgresUrl(url);
  for (const name of PASSED_ON) {
    const value = searchParams.get(name);
    if (value !== null) values[name] = value;
  }
  return {
    conninfo: Object.entries(values)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}='${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
      .join(' '),
    passFilePrefix: passFilePrefix(url),
    tlsFiles: files,
    password: password ?? undefined,
  };
}

/**
 * Does something with the password in a passfile, and certificates and their key in files beside it, that only this
 * user can read. Neither a command line nor an environment ever holds them: both show in the list of processes.
 */
export async function withPassFile<T>(
  { password, tlsFiles, passFilePrefix: prefix }: LibpqTarget,
  work: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const contents = Object.entries(tlsFiles);
  if (password !== undefined) contents.push(['PGPASSFILE', passLine(password)]);
  if (contents.length === 0) return work({});
  const folder = await mkdtemp(path.join(tmpdir(), prefix));
  try {
    const env: Record<string, string> = {};
    for (const [variable, content] of contents) {
      env[variable] = path.join(folder, variable.toLowerCase());
      await writeFile(env[variable], content, { mode: 0o600, flag: 'wx' });
    }
    return await work(env);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function passLine(password: string): string {
  return `*:*:*:*:${password.replaceAll('\\', '\\\\').replaceAll(':', '\\:')}\n`;
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
