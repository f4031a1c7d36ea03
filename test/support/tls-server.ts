import { execFileSync, spawn } from 'node:child_process';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { isRoot } from './operator.js';
import { freePort } from './service-process.js';
import { toolsOfServer } from './watched-tools.js';

const NOBODY = 65_534;
/** PostgreSQL does not run as root. */
const SOMEBODY = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

export interface TlsServer {
  /** Without a query: what it says of TLS is the test's matter. */
  url: string;
  /** PEM of the CA that signed the server's certificate, and of one that signed nothing. */
  ca: string;
  otherCa: string;
  /** From now on it answers in the clear alone. */
  dropTls: () => Promise<void>;
  stop: () => Promise<void>;
}

/** A PostgreSQL on TCP whose certificate is for `localhost` and signed by a CA of its own. */
export async function startTlsServer(): Promise<TlsServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mc101-tls-'));
  await chmod(folder, 0o755);
  const certificates = await makeCertificates(folder);
  const data = path.join(folder, 'data');
  const password = 'a lantern over the harbour';
  await writeFile(path.join(folder, 'password'), password);
  if (isRoot) await chown(folder, NOBODY, NOBODY);
  const bin = path.dirname((await toolsOfServer()).pgDump);
  execFileSync(
    path.join(bin, 'initdb'),
    [
      ...['-D', data, '-U', 'owner', '--auth=scram-sha-256', `--pwfile=${path.join(folder, 'password')}`],
      ...['--locale=C.UTF-8', '--no-sync'],
    ],
    { ...SOMEBODY, stdio: 'ignore', cwd: '/' },
  );
  const port = await freePort();
  const settings = {
    listen_addresses: 'localhost',
    unix_socket_directories: '',
    fsync: 'off',
    ssl_cert_file: certificates.cert,
    ssl_key_file: certificates.key,
  };
  const server = spawn(
    path.join(bin, 'postgres'),
    [
      ...['-D', data, '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { ...SOMEBODY, stdio: 'ignore', cwd: '/' },
  );
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const url = `postgresql://owner:${encodeURIComponent(password)}@localhost:${port}/postgres`;
  await reachable(url, server);
  const setTls = async (on: boolean) => {
    await execute(url, `ALTER SYSTEM SET ssl = ${on ? 'on' : 'off'}`);
    await execute(url, 'SELECT pg_reload_conf()');
    while ((await execute(url, 'SHOW ssl'))[0]?.['ssl'] !== (on ? 'on' : 'off')) await delay(10);
  };
  await setTls(true);
  return {
    url,
    ca: path.join(folder, 'ca.pem'),
    otherCa: path.join(folder, 'other.pem'),
    dropTls: () => setTls(false),
    stop: async () => {
      server.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function makeCertificates(folder: string): Promise<{ cert: string; key: string }> {
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3'];
  for (const name of ['ca', 'other'])
    openssl(
      ...['req', '-x509', ...newKey, '-subj', `/CN=${name}`],
      ...['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)],
    );
  openssl('req', ...newKey.slice(0, 5), '-subj', '/CN=db', '-keyout', at('key'), '-out', at('request'));
  await writeFile(at('names'), 'subjectAltName=DNS:localhost');
  openssl(
    ...['x509', '-req', '-in', at('request'), '-days', '3', '-CA', at('ca.pem'), '-CAkey', at('ca.key')],
    ...['-CAcreateserial', '-extfile', at('names'), '-out', at('cert')],
  );
  await chmod(at('key'), 0o600);
  if (isRoot) await chown(at('key'), NOBODY, NOBODY);
  return { cert: at('cert'), key: at('key') };
}

async function reachable(url: string, server: { exitCode: number | null }): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error('The server did not start.');
    try {
      await execute(url, 'SELECT');
      return;
    } catch {
      await delay(20);
    }
  }
}

async function execute(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
