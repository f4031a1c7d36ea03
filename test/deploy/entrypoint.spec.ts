import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ChildProgram } from './child-program.js';
import { ENTRYPOINT, placesIn } from './nginx.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mc101-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const inFolder = (...names: string[]) => path.join(folder, ...names);
const read = (name: string) => readFileSync(inFolder(name), 'utf8');

/** The entry script without nginx: its exit code and everything it says. */
async function prepare(env: Record<string, string> = {}) {
  const script = new ChildProgram(ENTRYPOINT, ['prepare'], { ...placesIn(folder), ...env });
  return { code: await script.ended, output: script.output };
}

const privateKey = () => createPrivateKey(read('tls/self-signed.key'));

const configured = () =>
  [...read('run/nginx.conf').matchAll(/^ +ssl_certificate(?:_key)? (.+);$/gm)].map(([, file]) => file);

it('without a certificate the first start makes one for every name, which only its owner can read', async () => {
  expect(await prepare({ NGINX_SERVER_NAMES: 'mc101.test www.mc101.test 192.0.2.7' })).toMatchObject({
    code: 0,
  });
  const certificate = new X509Certificate(read('tls/self-signed.crt'));
  expect(certificate.subjectAltName).toBe('DNS:mc101.test, DNS:www.mc101.test, IP Address:192.0.2.7');
  expect(certificate.checkPrivateKey(privateKey())).toBe(true);
  expect(statSync(inFolder('tls/self-signed.key')).mode & 0o777).toBe(0o600);
  expect(statSync(inFolder('tls')).mode & 0o777).toBe(0o700);
  expect(configured()).toEqual([inFolder('tls/self-signed.crt'), inFolder('tls/self-signed.key')]);
});

it('a later start keeps it, unless the names are others or half of it is gone', async () => {
  await prepare();
  const first = read('tls/self-signed.crt') + read('tls/self-signed.key');
  expect(await prepare()).toEqual({ code: 0, output: '' });
  expect(read('tls/self-signed.crt') + read('tls/self-signed.key')).toBe(first);

  await prepare({ NGINX_SERVER_NAMES: 'other.test' });
  expect(new X509Certificate(read('tls/self-signed.crt')).subjectAltName).toBe('DNS:other.test');

  await rm(inFolder('tls/self-signed.key'));
  await prepare({ NGINX_SERVER_NAMES: 'other.test' });
  expect(new X509Certificate(read('tls/self-signed.crt')).checkPrivateKey(privateKey())).toBe(true);
});

it('own files serve, and no other is made', async () => {
  await prepare();
  const [cert, key] = [inFolder('own.crt'), inFolder('own.key')];
  await copyFile(inFolder('tls/self-signed.crt'), cert);
  await copyFile(inFolder('tls/self-signed.key'), key);
  await rm(inFolder('tls'), { recursive: true });
  expect(await prepare({ NGINX_TLS_CERT: cert, NGINX_TLS_KEY: key })).toEqual({ code: 0, output: '' });
  expect(configured()).toEqual([cert, key]);
  expect(existsSync(inFolder('tls'))).toBe(false);
});

it("until certbot has been there a self-signed certificate serves, afterwards certbot's", async () => {
  const env = { NGINX_CERTBOT_NAME: 'mc101.test', NGINX_CERTBOT_DIR: inFolder('letsencrypt') };
  expect((await prepare(env)).output).toContain('certbot has no certificate for mc101.test yet');
  expect(configured()[0]).toBe(inFolder('tls/self-signed.crt'));
  const live = inFolder('letsencrypt', 'live', 'mc101.test');
  await mkdir(live, { recursive: true });
  await writeFile(path.join(live, 'fullchain.pem'), read('tls/self-signed.crt'));
  await writeFile(path.join(live, 'privkey.pem'), read('tls/self-signed.key'));
  expect(await prepare(env)).toEqual({ code: 0, output: '' });
  expect(configured()).toEqual([path.join(live, 'fullchain.pem'), path.join(live, 'privkey.pem')]);
});

it('by default it listens on every address, those of IPv6 included where there are any', async () => {
  await prepare({ NGINX_LISTEN: '' });
  const listening = [...read('run/listen-https.conf').matchAll(/^listen (\S+) ssl/gm)].map(
    ([, address]) => address,
  );
  const hasIpv6 = Object.values(os.networkInterfaces()).some((all) =>
    all?.some(({ family }) => family === 'IPv6'),
  );
  expect(listening).toEqual(hasIpv6 ? ['0.0.0.0:443', '[::]:443'] : ['0.0.0.0:443']);
});

it('own files that cannot be read are refused by name, and nothing else serves instead', async () => {
  const { code, output } = await prepare({
    NGINX_TLS_CERT: inFolder('none.crt'),
    NGINX_TLS_KEY: inFolder('none.key'),
  });
  expect({ code, output }).toEqual({
    code: 1,
    output: 'nginx: NGINX_TLS_CERT names a file that cannot be read.\n',
  });
});

it.each([
  ['NGINX_TLS_CERT', '/own.crt'],
  ['NGINX_SERVER_NAMES', 'mc101.test; return 200 owned'],
  ['NGINX_APP_SERVERS', 'app:8000; }'],
  ['NGINX_ACCESS_LOG', '/dev/stdout;'],
  ['NGINX_WEB_DIR', 'web'],
  ['NGINX_BURST', '0'],
  ['NGINX_RATE_PER_SECOND', '5r/s'],
])('%s with %s is refused in one sentence that names it', async (name, value) => {
  const { code, output } = await prepare({ [name]: value });
  expect(code).toBe(1);
  expect(output).toMatch(new RegExp(`^nginx: .*${name}.*\\.\\n$`));
  expect(existsSync(inFolder('run/nginx.conf'))).toBe(false);
});
