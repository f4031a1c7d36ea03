import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readOpenidProviders } from './openid-providers.js';
import { parseEnv } from './parse-env.js';

const KEYCLOAK = {
  OAUTH_OIDC_KEYCLOAK_ISSUER: 'https://id.example.com/realms/main',
  OAUTH_OIDC_KEYCLOAK_CLIENT_ID: 'mc101',
  OAUTH_OIDC_KEYCLOAK_CLIENT_SECRET: 'of the tests',
};

const problemsOf = (raw: Record<string, string>) => readOpenidProviders(raw).problems;

describe('providers of OpenID Connect by configuration', () => {
  it('are none where nothing is said', () => {
    expect(readOpenidProviders({ PORT: '8000' })).toEqual({ providers: [], problems: [] });
    expect(readOpenidProviders({ OAUTH_OIDC_X_ISSUER: '' })).toEqual({ providers: [], problems: [] });
  });

  it('have a name, what is asked for, and nothing that counts as a second factor', () => {
    expect(readOpenidProviders(KEYCLOAK)).toEqual({
      problems: [],
      providers: [
        {
          name: 'keycloak',
          title: 'KEYCLOAK',
          issuer: 'https://id.example.com/realms/main',
          clientId: 'mc101',
          clientSecret: 'of the tests',
          scopes: ['openid', 'email', 'profile'],
          secondFactor: { acr: [], amr: [] },
        },
      ],
    });
  });

  it('have what their variables say, each its own', () => {
    const { providers, problems } = readOpenidProviders({
      ...KEYCLOAK,
      OAUTH_OIDC_KEYCLOAK_SCOPES: 'openid  email groups',
      OAUTH_OIDC_KEYCLOAK_TITLE: 'Our accounts',
      OAUTH_OIDC_KEYCLOAK_MFA_ACR: 'gold silver',
      OAUTH_OIDC_KEYCLOAK_MFA_AMR: 'otp hwk',
      OAUTH_OIDC_ENTRA2_ISSUER: 'https://other.example.com',
      OAUTH_OIDC_ENTRA2_CLIENT_ID: 'x',
      OAUTH_OIDC_ENTRA2_CLIENT_SECRET: 'y',
    });
    expect(problems).toEqual([]);
    expect(providers.map(({ name }) => name)).toEqual(['entra2', 'keycloak']);
    expect(providers[1]).toMatchObject({
      title: 'Our accounts',
      scopes: ['openid', 'email', 'groups'],
      secondFactor: { acr: ['gold', 'silver'], amr: ['otp', 'hwk'] },
    });
  });

  it('have their secrets from files', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mc101-test-'));
    try {
      const file = path.join(folder, 'secret');
      writeFileSync(file, 'from a file\n');
      const { providers } = readOpenidProviders({
        ...KEYCLOAK,
        OAUTH_OIDC_KEYCLOAK_CLIENT_SECRET: '',
        OAUTH_OIDC_KEYCLOAK_CLIENT_SECRET_FILE: file,
      });
      expect(providers[0]?.clientSecret).toBe('from a file');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are told what is missing or wrong, by name and never by value', () => {
    const problems = problemsOf({
      OAUTH_OIDC_KEYCLOAK_ISSUER: 'not an address',
      OAUTH_OIDC_KEYCLOAK_CLIENT_SECRET: 'hidden',
      OAUTH_OIDC_KEYCLOAK_SCOPES: 'email',
    });
    expect(problems).toEqual([
      expect.stringContaining('OAUTH_OIDC_KEYCLOAK_ISSUER must be a URL'),
      'OAUTH_OIDC_KEYCLOAK_CLIENT_ID is missing.',
      'OAUTH_OIDC_KEYCLOAK_SCOPES must include openid.',
    ]);
    expect(problems.join()).not.toMatch(/hidden|not an address/);
  });

  it.each([
    'OAUTH_OIDC_KEYCLOAK_SECRET',
    'OAUTH_OIDC_key_ISSUER',
    'OAUTH_OIDC__ISSUER',
    'OAUTH_OIDC_MY-IDP_ISSUER',
    'OAUTH_OIDC_ISSUER',
  ])('have no variable %s: a mistyped one is told, not passed over', (name) => {
    expect(problemsOf({ [name]: 'x' })).toEqual([expect.stringContaining(`${name} is not known`)]);
  });

  it.each([
    'https://id.example.com/.well-known/openid-configuration',
    'https://id.example.com/realms/main?x=/.well-known/',
    'https://id.example.com/realms/main#x',
    'https://login.microsoftonline.com/common/v2.0',
    'https://login.microsoftonline.com/organizations/v2.0',
  ])('have no issuer that is not checked to the letter: %s', (issuer) => {
    expect(problemsOf({ ...KEYCLOAK, OAUTH_OIDC_KEYCLOAK_ISSUER: issuer })).toEqual([
      expect.stringContaining('OAUTH_OIDC_KEYCLOAK_ISSUER must'),
    ]);
  });

  it.each(['GOOGLE', 'MICROSOFT', 'FACEBOOK', 'PROVIDERS', 'EXCHANGE'])(
    'cannot be called %s: that name is taken',
    (name) => {
      expect(problemsOf({ [`OAUTH_OIDC_${name}_ISSUER`]: 'https://id.example.com' })[0]).toMatch(/is taken/);
    },
  );
});

describe('social login', () => {
  const REDIRECTS = { OAUTH_ALLOWED_REDIRECT_URIS: 'https://vote.example.com/signed-in' };
  const parse = (raw: Record<string, string>) => () => parseEnv({ NODE_ENV: 'test', ...raw });

  it('needs somewhere to return to', () => {
    expect(parse(KEYCLOAK)).toThrow('OAUTH_ALLOWED_REDIRECT_URIS is missing');
    expect(parse({ ...KEYCLOAK, ...REDIRECTS })).not.toThrow();
  });

  it('needs id and secret of a provider together', () => {
    expect(parse({ OAUTH_GOOGLE_CLIENT_ID: 'x' })).toThrow('OAUTH_GOOGLE_CLIENT_SECRET are set together');
    expect(parse({ OAUTH_FACEBOOK_CLIENT_SECRET: 'x' })).toThrow('OAUTH_FACEBOOK_CLIENT_ID and');
  });

  it('speaks to providers over TLS, but for one of this machine outside production', () => {
    const at = (issuer: string) => parse({ ...KEYCLOAK, ...REDIRECTS, OAUTH_OIDC_KEYCLOAK_ISSUER: issuer });
    expect(at('http://127.0.0.1:8080/realms/main')).not.toThrow();
    expect(at('http://id.example.com')).toThrow('OAUTH_OIDC_KEYCLOAK_ISSUER must begin with https://');
  });

  it('has one provider an issuer', () => {
    const twice = { ...KEYCLOAK, ...REDIRECTS, OAUTH_OIDC_KEYCLOAK_ISSUER: 'https://accounts.google.com' };
    expect(parse(twice)).toThrow('OAUTH_OIDC_KEYCLOAK_ISSUER is that of another provider');
  });

  it('returns to no address that could be anybody’s', () => {
    expect(parse({ OAUTH_ALLOWED_REDIRECT_URIS: 'https://a.example/x,http://b.example/' })).toThrow(
      'OAUTH_ALLOWED_REDIRECT_URIS must list',
    );
  });

  it.each(['common', 'organizations', 'consumers', '72f988bf-86f1-41af-91ab-2d7cd011db47'])(
    'takes the tenant %s',
    (tenant) => {
      expect(parse({ OAUTH_MICROSOFT_TENANT: tenant })().OAUTH_MICROSOFT_TENANT).toBe(tenant);
    },
  );

  it.each(['everybody', '../common', 'common/', '72F988BF-86F1-41AF-91AB-2D7CD011DB47'])(
    'takes no tenant %s',
    (tenant) => {
      expect(parse({ OAUTH_MICROSOFT_TENANT: tenant })).toThrow('OAUTH_MICROSOFT_TENANT must be');
    },
  );
});
