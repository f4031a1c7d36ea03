import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Google, GOOGLE_ISSUER } from '../../support/identity-providers/google.js';
import { startTlsFront } from '../../support/identity-providers/tls-front.js';

const READ = `
const [, url] = process.argv;
const response = await fetch(url);
process.stdout.write(JSON.stringify((await response.json()).issuer));`;

it('a process of its own finds a provider under its real name, over TLS, and nobody else', async () => {
  const google = await Google.start({
    clientId: 'mc101',
    clientSecret: 'the secret of a client at a provider',
    redirectUri: 'http://localhost:8000/auth/oauth/google/callback',
  });
  const front = await startTlsFront(google.hosts);
  const read = (url: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', READ, url], {
      env: { PATH: process.env['PATH'], ...front.processEnv },
    });
  const { stdout } = await read(`${GOOGLE_ISSUER}/.well-known/openid-configuration`);
  expect(stdout).toBe(JSON.stringify(GOOGLE_ISSUER));
  await expect(read('https://login.microsoftonline.com/')).rejects.toThrow();
  await front.stop();
  await google.stop();
});
