import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Clock } from '../../common/clock.js';
import { AppConfig } from '../../config/app-config.js';
import { parseEnv } from '../../config/parse-env.js';
import type { Patient } from '../check.js';
import { socialLogin } from './social-login.js';

const SECRETS = { JWT_SECRET_KEY: '', TOKEN_PEPPER: '', APP_ENCRYPTION_KEY: '', LOG_SIGNING_KEY: '' };
const URLS = { app: '', owner: '', direct: '' };

function look(env: Record<string, string>) {
  const config = new AppConfig(parseEnv({ NODE_ENV: 'test', ...env }), URLS, SECRETS);
  return socialLogin.look({ config: { there: config }, clock: new Clock() } as Patient);
}

const keycloak = (issuer: string) => ({
  OAUTH_ALLOWED_REDIRECT_URIS: 'https://vote.example.com/',
  OAUTH_OIDC_KEYCLOAK_ISSUER: issuer,
  OAUTH_OIDC_KEYCLOAK_CLIENT_ID: 'mc101',
  OAUTH_OIDC_KEYCLOAK_CLIENT_SECRET: 'of the tests',
});

describe('the check of social login', () => {
  it('has nothing to look at where no provider is set up', async () => {
    expect(await look({})).toEqual([expect.objectContaining({ verdict: 'off' })]);
  });

  it('says that it cannot look where there is no configuration', async () => {
    const found = await socialLogin.look({ config: { why: 'it is broken' } } as Patient);
    expect(found).toEqual([
      expect.objectContaining({ verdict: 'off', found: 'Not looked at: it is broken.' }),
    ]);
  });

  it('names a provider that does not answer, and what to do', async () => {
    const found = await look(keycloak('http://127.0.0.1:9'));
    expect(found).toEqual([
      expect.objectContaining({
        verdict: 'problem',
        found: expect.stringMatching(/^Nobody can log in with KEYCLOAK: it cannot be reached\.$/),
        toDo: expect.stringContaining('issuer'),
      }),
    ]);
  });

  it('is content with one that publishes what it should, and not with one that names another issuer', async () => {
    let issuer = '';
    const server = createServer((_, response) => {
      const document = {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
      };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      issuer = address;
      expect(await look(keycloak(address))).toEqual([expect.objectContaining({ verdict: 'ok' })]);
      issuer = 'http://127.0.0.1:1';
      expect(await look(keycloak(address))).toEqual([expect.objectContaining({ verdict: 'problem' })]);
    } finally {
      server.close();
    }
  });
});
