import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { libpqTarget, withPassFile } from './libpq.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
  for (const name of ['ca', 'cert', 'key']) await writeFile(path.join(folder, name), `the ${name}`);
});
afterAll(() => rm(folder, { recursive: true }));

/** What libpq is told: the mode, and what stands in the files that it is given. */
async function tlsOf(query: string) {
  const target = libpqTarget(`postgresql://owner@db/mc101?${query.replaceAll('DIR', folder)}`);
  const files: Record<string, string> = {};
  await withPassFile(target, async (env) => {
    for (const [name, file] of Object.entries(env)) files[name] = await readFile(file, 'utf8');
  });
  return { mode: /sslmode='([^']*)'/.exec(target.conninfo)?.[1], files };
}

const CA = '&sslrootcert=DIR/ca';

describe('the TLS of the programs', () => {
  it.each([
    // What the driver refuses, the programs refuse: a plain server, an unknown CA, another name.
    ['ssl=true', 'verify-full', 'those of Node.js'],
    ['ssl=on', 'verify-full', 'those of Node.js'],
    ['ssl=1', 'verify-full', 'those of Node.js'],
    ['sslmode=prefer', 'verify-full', 'those of Node.js'],
    ['sslmode=require', 'verify-full', 'those of Node.js'],
    ['sslmode=verify-ca', 'verify-full', 'those of Node.js'],
    ['sslmode=verify-full', 'verify-full', 'those of Node.js'],
    ['sslnegotiation=direct', 'verify-full', 'those of Node.js'],
    [`sslmode=require${CA}`, 'verify-full', 'the ca'],
    [`sslmode=verify-full${CA}`, 'verify-full', 'the ca'],
    [CA, 'verify-full', 'the ca'],
    ['sslmode=no-verify', 'require', 'any'],
    [`sslmode=no-verify${CA}`, 'require', 'any'],
    ['ssl=no-verify', 'require', 'any'],
    ['sslmode=disable', 'disable', 'any'],
    ['ssl=0', 'disable', 'any'],
    ['', undefined, 'any'],
    ['uselibpqcompat=true&sslmode=disable', 'disable', 'any'],
    // Our driver goes on without encryption only where it is told to.
    ['uselibpqcompat=true&sslmode=prefer', 'require', 'any'],
    ['uselibpqcompat=true&sslmode=allow', 'verify-full', 'those of Node.js'],
    ['uselibpqcompat=true&sslmode=require', 'require', 'any'],
    [`uselibpqcompat=true&sslmode=require${CA}`, 'verify-ca', 'the ca'],
    [`uselibpqcompat=true&sslmode=verify-ca${CA}`, 'verify-ca', 'the ca'],
    ['uselibpqcompat=true&sslmode=verify-full', 'verify-full', 'those of Node.js'],
    [`uselibpqcompat=true&sslmode=verify-full${CA}`, 'verify-full', 'the ca'],
  ])('for "%s" is %s, and trusts %s', async (query, mode, trusted) => {
    const { mode: found, files } = await tlsOf(query);
    expect(found).toBe(mode);
    const nodes = getCACertificates('default').join('\n');
    expect(files['PGSSLROOTCERT']).toBe({ 'the ca': 'the ca', 'those of Node.js': nodes }[trusted]);
  });

  it('shows the certificate and the key that the URL names, whatever their rights are', async () => {
    const { files } = await tlsOf('sslmode=no-verify&sslcert=DIR/cert&sslkey=DIR/key');
    expect(files).toEqual({ PGSSLCERT: 'the cert', PGSSLKEY: 'the key' });
    const target = libpqTarget(`postgresql://owner@db/mc101?sslkey=${folder}/key`);
    await withPassFile(target, async ({ PGSSLKEY = '' }) => {
      expect((await stat(PGSSLKEY)).mode & 0o777).toBe(0o600);
    });
  });

  it('trusts certificates that can be read as such', async () => {
    const { files } = await tlsOf('ssl=true');
    const first = /^-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----$/ms.exec(files['PGSSLROOTCERT']!);
    expect(new X509Certificate(first![0]).ca).toBe(true);
  });
});

describe('an address that only our driver understands', () => {
  it.each([
    ['a percent sign that stands for itself', 'postgresql://owner:10%off@db/mc101', '10%off'],
    ['a percent sign that is written as one', 'postgresql://owner:10%25off@db/mc101', '10%off'],
    ['a percent sign of a parameter', 'postgresql://owner@db/mc101?password=10%25off', '10%off'],
  ])('with %s in the password is read as it does', (_, url, password) => {
    expect(libpqTarget(url).password).toBe(password);
  });
});
