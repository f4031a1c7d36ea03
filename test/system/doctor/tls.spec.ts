import { createServer as createTlsServer, type Server, type ServerOptions } from 'node:https';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { Authority } from '../../support/certificates.js';
import { Operator, readSecrets } from '../../support/operator.js';
import { freePort } from '../../support/service-process.js';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(new Date().getTime() + days * DAY_MS);

const operator = new Operator();
let dataDir: string;
let port: number;
let env: Record<string, string>;
let authority: Authority;
const proxies: Server[] = [];

beforeAll(async () => {
  dataDir = await operator.newDataDir();
  await (await operator.start({ dataDir })).stop();
  const { JWT_SECRET_KEY, TOKEN_PEPPER, APP_ENCRYPTION_KEY, LOG_SIGNING_KEY } = await readSecrets(dataDir);
  port = await freePort();
  env = {
    ...{ NODE_ENV: 'production', PORT: String(port), TRUSTED_PROXIES: '127.0.0.1', MAIL_DISABLED: 'true' },
    ...{ JWT_SECRET_KEY, TOKEN_PEPPER, APP_ENCRYPTION_KEY, LOG_SIGNING_KEY },
  };
  await operator.start({ dataDir, port, env: { ...env, PUBLIC_URL: 'https://localhost' } });
  authority = await Authority.make(await operator.folder());
});
afterEach(() => {
  for (const proxy of proxies.splice(0)) {
    proxy.closeAllConnections();
    proxy.close();
  }
});
afterAll(() => operator.cleanUp());

/** A proxy that ends TLS before the service. @param overwrites what clients say in X-Forwarded-* */
async function startProxy({ overwrites = true, ...tls }: ServerOptions & { overwrites?: boolean }) {
  const proxy = createTlsServer(tls, (incoming, outgoing) => {
    const told = {
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-host': 'localhost',
    };
    const headers = overwrites ? { ...incoming.headers, ...told } : { ...told, ...incoming.headers };
    const onward = request(
      { port, host: '127.0.0.1', path: incoming.url, headers, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    onward.end();
  });
  proxies.push(proxy);
  await new Promise<void>((resolve) => proxy.listen(0, 'localhost', resolve));
  return `https://localhost:${(proxy.address() as AddressInfo).port}`;
}

async function doctor(publicUrl: string, more: Record<string, string> = {}) {
  const { code, stdout } = await operator.command(['doctor', '--json'], {
    dataDir,
    env: { ...env, PUBLIC_URL: publicUrl, NODE_EXTRA_CA_CERTS: authority.file, ...more },
  });
  const { checks } = JSON.parse(stdout) as { checks: { check: string; status: string; found: string }[] };
  const told = (name: string) =>
    checks.filter(({ check }) => check === name).map(({ status, found }) => [status, found]);
  return { code, tls: told('tls'), spoofed: told('spoofed headers') };
}

it('a trusted certificate before a proxy that overwrites what clients say is in order', async () => {
  const url = await startProxy(await authority.sign('localhost', inDays(-1), inDays(60)));
  expect(await doctor(url)).toEqual({
    code: 0,
    tls: [['ok', expect.stringMatching(/^TLSv1\.3, .* another (?:59|60) days\.$/)]],
    spoofed: [['ok', expect.anything()]],
  });
});

it('one that has expired is a problem, and ends with status 1', async () => {
  const url = await startProxy(await authority.sign('localhost', inDays(-30), inDays(-2)));
  const { code, tls } = await doctor(url);
  expect({ code, tls }).toEqual({
    code: 1,
    tls: [['problem', expect.stringMatching(/^The certificate of localhost has expired/)]],
  });
});

it('one that expires in three weeks is a warning', async () => {
  const url = await startProxy(await authority.sign('localhost', inDays(-30), inDays(20)));
  expect(await doctor(url)).toMatchObject({
    code: 0,
    tls: [['warning', expect.stringContaining('expires in')]],
  });
});

it('one for another name is a problem, and only that', async () => {
  const url = await startProxy(await authority.sign('vote.example.org', inDays(-1), inDays(60)));
  expect((await doctor(url)).tls).toEqual([
    ['problem', expect.stringContaining('not for the name localhost')],
  ]);
});

it('one of an authority that nobody knows is told', async () => {
  const url = await startProxy(await authority.sign('localhost', inDays(-1), inDays(60)));
  const stranger = await Authority.make(await operator.folder());
  expect((await doctor(url, { NODE_EXTRA_CA_CERTS: stranger.file })).tls).toEqual([
    ['warning', expect.stringContaining('Nobody whom this machine trusts')],
  ]);
});

it('a server that also speaks TLS 1.1 is a warning', async () => {
  const certificate = await authority.sign('localhost', inDays(-1), inDays(60));
  const url = await startProxy({ ...certificate, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
  expect((await doctor(url)).tls).toEqual([['warning', expect.stringContaining('TLS 1.0 or 1.1')]]);
});

it('a proxy that passes on what clients say of themselves is told', async () => {
  const certificate = await authority.sign('localhost', inDays(-1), inDays(60));
  const url = await startProxy({ ...certificate, overwrites: false });
  expect((await doctor(url)).spoofed).toEqual([
    ['warning', expect.stringContaining('At PUBLIC_URL the service believes')],
  ]);
});
