import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import {
  brokenJson,
  hang,
  hangInBody,
  html,
  huge,
  json,
  redirectTo,
  slow,
  status,
  type Fault,
} from '../../support/identity-providers/faults.js';
import { Browser } from '../../support/identity-providers/browser.js';
import type { Endpoint, LyingProvider } from '../../support/identity-providers/lying-provider.js';
import {
  brokenOff,
  refusalOf,
  SERVER_ERROR,
  SocialStage,
  UNAVAILABLE,
} from '../../support/identity-providers/social-stage.js';
import type { TestServer } from '../../support/test-server.js';

/** What the service waits for one answer, and what this machine may need beside. */
const MOST_MS = 5000 + 3000;

let stage: SocialStage<'liar' | 'accomplice'>;
let liar: LyingProvider;
/** Logs in here: by default where everything is known of the providers, else where nothing is. */
let server: TestServer;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['liar', 'accomplice'] });
  liar = stage.at.liar;
});
afterAll(() => stage.close());
beforeEach(async () => {
  server = stage.server;
  liar.repent();
  stage.become('liar');
  for (const table of ['oauth_flows', 'oauth_codes']) await stage.server.sql.query(`DELETE FROM ${table}`);
});
afterEach(async () => {
  if (server !== stage.server) await server.close();
});

/** A process that has asked no provider for anything yet. */
async function forgetProviders(): Promise<void> {
  server = await stage.startAnother();
}

type Outcome = typeof SERVER_ERROR;

const WAYS: [string, Fault, Outcome][] = [
  ['answers 500', status(500), UNAVAILABLE],
  ['answers 503', status(503), UNAVAILABLE],
  ['answers 500 with JSON', json({ error: 'server_error' }, 500), UNAVAILABLE],
  ['answers 404', status(404), SERVER_ERROR],
  ['answers 200 with a page', html, SERVER_ERROR],
  ['answers JSON that breaks off', brokenJson, SERVER_ERROR],
  ['answers null', json(null), SERVER_ERROR],
  ['answers a list', json([]), SERVER_ERROR],
  ['answers an empty object', json({}), SERVER_ERROR],
  ['sends us elsewhere', redirectTo('http://127.0.0.1:1/'), SERVER_ERROR],
];

/** The start brings the browser back, with no cookie and no flow. */
async function expectNoStart(expected: Outcome): Promise<void> {
  const start = await stage.leavingNoTrace(() => new Browser(server).start('liar'));
  const { searchParams, origin, pathname } = start.location!;
  expect({
    status: start.status,
    to: origin + pathname,
    code: searchParams.get('code') ?? undefined,
    error: searchParams.get('error'),
  }).toEqual(expected);
  expect(searchParams.get('error_description')).toMatch(/^[A-Z].{20,}\.$/);
  const { rowCount } = await stage.server.sql.query('SELECT FROM oauth_flows');
  expect(rowCount).toBe(0);
}

async function expectNoLogin(expected: Outcome): Promise<void> {
  const login = await stage.leavingNoTrace(() => stage.logIn('liar', {}, server));
  expect(brokenOff(login)).toEqual(expected);
  expect(login.callback.location!.searchParams.get('error_description')).toMatch(/^[A-Z].{20,}\.$/);
  await expectNothingLeft();
}

async function expectNothingLeft(): Promise<void> {
  for (const table of ['oauth_flows', 'oauth_codes']) {
    const { rowCount } = await stage.server.sql.query(`SELECT FROM ${table}`);
    expect({ table, rowCount }).toEqual({ table, rowCount: 0 });
  }
}

/** As soon as the provider is itself again, so is the login. */
async function expectRecovered(): Promise<void> {
  liar.repent();
  const login = await stage.logIn('liar', {}, server);
  expect(login.error).toBeUndefined();
  expect((await stage.exchange(login)).status).toBe(200);
}

describe('a provider whose discovery document', () => {
  beforeEach(forgetProviders);

  it.each(WAYS)(
    '%s: the browser comes back with an error, and the next login is good',
    async (_way, fault, outcome) => {
      liar.at('discovery', fault);
      await expectNoStart(outcome);
      await expectRecovered();
    },
  );

  it.each<[string, (document: Record<string, unknown>) => void]>([
    [
      'is of another issuer',
      (document) => Object.assign(document, { issuer: 'https://accounts.google.com' }),
    ],
    ['is of an issuer below it', (document) => Object.assign(document, { issuer: `${liar.issuer}/more` })],
    ['has no issuer', (document) => delete document['issuer']],
    ['has an issuer that is no text', (document) => Object.assign(document, { issuer: 7 })],
    ['has no token endpoint', (document) => delete document['token_endpoint']],
    ['has no keys', (document) => delete document['jwks_uri']],
    ['has no authorization endpoint', (document) => delete document['authorization_endpoint']],
    [
      'has an endpoint that is a script',
      (document) => Object.assign(document, { authorization_endpoint: 'javascript:alert(1)' }),
    ],
    [
      'has an endpoint that is no address',
      (document) => Object.assign(document, { authorization_endpoint: 'somewhere' }),
    ],
  ])('%s: nobody is sent anywhere', async (_what, edit) => {
    liar.editDiscovery = edit;
    await expectNoStart(SERVER_ERROR);
    await expectRecovered();
  });

  it.each<[string, Endpoint]>([
    ['token_endpoint', 'token'],
    ['jwks_uri', 'jwks'],
    ['userinfo_endpoint', 'userinfo'],
  ])('has a %s without TLS: neither code nor token is sent there', async (name, endpoint) => {
    const origin = liar.issuer;
    const issuer = 'https://liar.example';
    stage.hosts.add({ 'liar.example': Number(new URL(origin).port) });
    liar.issuer = issuer;
    await server.close();
    server = await stage.startAnother({ OAUTH_OIDC_LIAR_ISSUER: issuer });
    try {
      await expectRecovered();
      await server.close();
      server = await stage.startAnother({ OAUTH_OIDC_LIAR_ISSUER: issuer });
      liar.repent();
      liar.idToken = { claims: { email: undefined } };
      liar.editDiscovery = (document) => Object.assign(document, { [name]: `${origin}/${endpoint}` });
      const error = await stage.leavingNoTrace(async () => {
        const start = await new Browser(server).start('liar');
        // Without the first two nobody is sent anywhere.
        return endpoint === 'userinfo'
          ? (await stage.logIn('liar', {}, server)).error
          : start.location!.searchParams.get('error');
      });
      expect(error).toBe('server_error');
      expect(liar.countOf(endpoint)).toBe(0);
    } finally {
      liar.issuer = origin;
    }
  });

  it('hangs, or never ends: the browser is back after five seconds', async () => {
    liar.at('discovery', hang);
    stage.at.accomplice.at('discovery', hangInBody);
    const started = performance.now();
    const starts = await Promise.all([
      new Browser(server).start('liar'),
      new Browser(server).start('accomplice'),
      new Browser(server).start('liar'),
    ]);
    expect(performance.now() - started).toBeLessThan(MOST_MS);
    expect(starts.map(({ location }) => location!.searchParams.get('error'))).toEqual(
      Array.from({ length: 3 }, () => 'temporarily_unavailable'),
    );
    stage.at.accomplice.repent();
    await expectRecovered();
  });

  it('has 50 MB is not read to its end', async () => {
    const { fault, bytesTaken } = huge(50);
    liar.at('discovery', fault);
    await expectNoStart(SERVER_ERROR);
    expect(bytesTaken()).toBeLessThan(20 * 1024 * 1024);
    await expectRecovered();
  });
});

describe.each<[Endpoint]>([['token'], ['jwks'], ['userinfo']])('a provider whose %s endpoint', (endpoint) => {
  beforeEach(async () => {
    if (endpoint === 'jwks') await forgetProviders();
    // Only then is the profile asked for.
    if (endpoint === 'userinfo') liar.idToken = { claims: { email: undefined } };
  });

  it.each(WAYS)(
    '%s: the browser comes back with an error, and the next login is good',
    async (_way, fault, outcome) => {
      liar.at(endpoint, fault);
      await expectNoLogin(outcome);
      expect(liar.countOf(endpoint)).toBeGreaterThan(0);
      await expectRecovered();
    },
  );

  it('has 50 MB is not read to its end', async () => {
    const { fault, bytesTaken } = huge(50);
    liar.at(endpoint, fault);
    await expectNoLogin(SERVER_ERROR);
    expect(bytesTaken()).toBeLessThan(20 * 1024 * 1024);
  });

  it('hangs: the browser is back after five seconds, and the service answers others meanwhile', async () => {
    liar.at(endpoint, hang);
    const browser = new Browser(server);
    const url = await browser.atProvider(await browser.start('liar'));
    const started = performance.now();
    const waiting = browser.open(url);
    expect((await server.api.get('/health')).status).toBe(200);
    const callback = await waiting;
    expect(performance.now() - started).toBeLessThan(MOST_MS);
    expect(callback.location!.searchParams.get('error')).toBe('temporarily_unavailable');
    await expectNothingLeft();
  });

  it('is slow, but not too slow: the login is good', async () => {
    liar.at(endpoint, slow(500));
    const login = await stage.logIn('liar', {}, server);
    expect(login.error).toBeUndefined();
    await stage.exchange(login);
  });
});

describe('a provider that sends us on to somebody else', () => {
  beforeEach(forgetProviders);

  it.each<[Endpoint]>([['discovery'], ['token'], ['jwks'], ['userinfo']])(
    'from %s: nobody is asked there, and no secret or token goes there',
    async (endpoint) => {
      const { accomplice } = stage.at;
      accomplice.repent();
      for (const code of [302, 307] as const) {
        liar.repent();
        if (endpoint === 'userinfo') liar.idToken = { claims: { email: undefined } };
        const path = endpoint === 'discovery' ? '.well-known/openid-configuration' : endpoint;
        liar.at(endpoint, redirectTo(`${accomplice.issuer}/${path}`, code));
        if (endpoint === 'discovery') await expectNoStart(SERVER_ERROR);
        else await expectNoLogin(SERVER_ERROR);
        expect(liar.countOf(endpoint)).toBeGreaterThan(0);
      }
      expect(accomplice.received).toEqual([]);
    },
  );
});

describe('a provider whose token endpoint', () => {
  beforeEach(forgetProviders);

  it.each(['invalid_grant', 'invalid_client', 'unauthorized_client', 'invalid_request', '<script>'])(
    'answers %s: the browser hears of none of it',
    async (error) => {
      liar.at('token', json({ error, error_description: 'a secret of the provider' }, 400));
      await expectNoLogin(SERVER_ERROR);
      expect(server.log()).not.toContain('a secret of the provider');
    },
  );
});

describe('a provider that sends the browser back', () => {
  it.each([
    ['access_denied', 'access_denied'],
    ['login_required', 'access_denied'],
    ['consent_required', 'access_denied'],
    ['temporarily_unavailable', 'temporarily_unavailable'],
    ['server_error', 'server_error'],
    ['invalid_scope', 'server_error'],
    ['unauthorized_client', 'server_error'],
    ['no_such_error', 'server_error'],
  ])('with %s: the client hears %s', async (error, told) => {
    liar.editReturn = (params) => {
      params.delete('code');
      params.set('error', error);
      params.set('error_description', 'words of the provider');
    };
    await expectNoLogin({ ...SERVER_ERROR, error: told });
    expect(liar.countOf('token')).toBe(0);
  });
});

describe('a provider that is not there', () => {
  it('keeps nobody from the list, from others, or from the service', async () => {
    server = await stage.startAnother({ OAUTH_OIDC_LIAR_ISSUER: 'http://127.0.0.1:1' });
    expect((await server.api.get('/auth/oauth/providers')).body.items).toHaveLength(2);
    const start = await stage.leavingNoTrace(() => new Browser(server).start('liar'));
    expect(start.location!.origin).toBe('https://app.example');
    stage.become('accomplice');
    expect((await stage.logIn('accomplice', {}, server)).error).toBeUndefined();
    expect((await server.api.get('/ready')).status).toBe(200);
  });

  it('is named in the log, without codes, tokens and secrets', async () => {
    await forgetProviders();
    liar.at('token', status(500));
    const login = await stage.logIn('liar', {}, server);
    const log = server.log();
    expect(log).toContain('oauth_provider_failed');
    for (const secret of [
      login.callbackUrl.searchParams.get('code')!,
      login.callbackUrl.searchParams.get('state')!,
      liar.client.clientSecret,
      login.pkce.verifier,
    ])
      expect(log).not.toContain(secret);
  });
});

describe('a person as a provider describes them', () => {
  it.each<[string, Record<string, unknown>]>([
    ['without an address', { email: undefined }],
    ['with an address that is none', { email: 'not an address' }],
    ['with an address that is no text', { email: ['liar@example.com'] }],
    ['with an address of 10 kB', { email: `${'a'.repeat(10_000)}@example.com` }],
    ['with an address that no column holds', { email: 'a\0b@example.com' }],
  ])('%s gets no account, and is told why', async (_what, claims) => {
    liar.person = { ...liar.person, ...claims };
    const answer = await stage.leavingNoTrace(async () => stage.exchange(await stage.logIn('liar')));
    expect(refusalOf(answer)).toEqual({ status: 400, code: 'OAUTH_EMAIL_MISSING' });
    await expectNothingLeft();
  });

  it.each<[string, unknown]>([
    ['without a name', undefined],
    ['with an empty name', ''],
    ['with a name that is no text', { first: 'Liar' }],
    ['with a name of 10 kB', 'a'.repeat(10_000)],
    ['with a name that no column holds', 'a\0b'],
    ['with a name of script', '<script>alert(1)</script>'],
  ])('%s gets an account all the same', async (_what, name) => {
    liar.person = { ...liar.person, name: name as string };
    const token = await stage.enter('liar');
    const { body } = await stage.server.as({ token }).get('/users/info');
    expect(typeof body.name).toBe('string');
    expect(body.name.length).toBeGreaterThan(0);
    expect(body.name.length).toBeLessThanOrEqual(100);
  });
});
