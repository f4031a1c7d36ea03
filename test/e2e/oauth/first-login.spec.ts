import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Browser, REDIRECT_URI } from '../../support/identity-providers/browser.js';
import { issuerOf } from '../../support/identity-providers/microsoft.js';
import {
  brokenOff,
  DENIED,
  refusalOf,
  SocialStage,
  TENANT,
} from '../../support/identity-providers/social-stage.js';
import { startTestServer } from '../../support/test-server.js';
import { WebClient } from '../../support/web-client.js';

const ALL = ['google', 'facebook', 'microsoft', 'keycloak'] as const;
type Name = (typeof ALL)[number];

let stage: SocialStage<Name>;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: [...ALL] });
});
afterAll(() => stage.close());

const infoOf = async (token: string) => (await stage.server.as({ token }).get('/users/info')).body;

describe('the list of providers', () => {
  it('names those that are set up', async () => {
    const { status, body } = await stage.server.api.get('/auth/oauth/providers');
    expect(status).toBe(200);
    expect(body.items.map(({ name }: { name: string }) => name).sort()).toEqual([...ALL].sort());
    for (const { title } of body.items) expect(title).toMatch(/^\S.*$/);
  });

  it('asks each of them who somebody is, and for nothing more', async () => {
    const scopes: Record<string, string | null | undefined> = {};
    for (const name of ['google', 'microsoft', 'facebook', 'keycloak'] as const) {
      const { location } = await new Browser(stage.server).start(name);
      scopes[name] = location?.searchParams.get('scope');
    }
    expect(scopes).toEqual({
      google: 'openid email profile',
      microsoft: 'openid email profile',
      facebook: 'email,public_profile',
      keycloak: 'openid email profile',
    });
  });

  it('is empty where none is, and then nobody can begin', async () => {
    const server = await startTestServer();
    expect((await server.api.get('/auth/oauth/providers')).body).toEqual({ items: [] });
    const start = await new Browser(server).start('google');
    expect(refusalOf(start)).toEqual({ status: 404, code: 'OAUTH_PROVIDER_NOT_FOUND' });
    await server.close();
  });
});

describe.each<[Name, () => string]>([
  ['google', () => 'https://accounts.google.com'],
  ['facebook', () => 'https://www.facebook.com'],
  ['microsoft', () => issuerOf(TENANT)],
  ['keycloak', () => stage.at.keycloak.issuer],
])('somebody who comes with %s for the first time', (name, issuer) => {
  it('has an account afterwards, with the identity and the name of the provider', async () => {
    const somebody = stage.become(name);
    const login = await stage.logIn(name);
    expect(login.callback.status).toBe(302);
    expect(login.callback.location!.href).toBe(`${REDIRECT_URI}?code=${login.code!}`);
    expect(login.code).toMatch(/^[\w-]{43}$/);
    const { status, body } = await stage.exchange(login);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 900,
      refresh_token: expect.any(String),
      authentication_type: 'Bearer',
      token: body.access_token,
    });
    const token = body.access_token as string;
    expect(await infoOf(token)).toMatchObject({
      ...{ email: somebody.email, name: somebody.name, role: 'user', is_active: true },
      email_verified: name === 'google' || name === 'keycloak',
    });
    const identities = await stage.identitiesOf(token);
    expect(identities).toEqual([
      {
        id: expect.anything(),
        provider: name,
        issuer: issuer(),
        email: somebody.email,
        created_at: expect.stringMatching(/^\d{4}-/),
        last_login_at: expect.stringMatching(/^\d{4}-/),
      },
    ]);
    const refreshed = await stage.server.api.post('/auth/refresh', { refresh_token: body.refresh_token });
    expect(refreshed.status).toBe(200);
  });

  it('comes to the same account the second time, with another browser and another name', async () => {
    const { id, sub, email, name: called } = await stage.signUp(name);
    const [before] = await stage.identitiesOf(await stage.enter(name));
    stage.become(name, { sub, email, name: `${called} the Second` });
    const token = await stage.enter(name);
    expect(await infoOf(token)).toMatchObject({ id, name: called });
    const [after, ...others] = await stage.identitiesOf(token);
    expect(others).toEqual([]);
    expect(after!['id']).toBe(before!['id']);
    expect(Date.parse(after!['last_login_at'] as string)).toBeGreaterThanOrEqual(
      Date.parse(before!['last_login_at'] as string),
    );
  });

  it('is somebody else than the next person', async () => {
    const first = await stage.signUp(name);
    const second = await stage.signUp(name);
    expect(second.id).not.toBe(first.id);
  });

  it('may change their mind: nothing comes of it', async () => {
    stage.become(name);
    stage.at[name].answer = 'deny';
    const login = await stage.leavingNoTrace(() => stage.logIn(name));
    stage.at[name].answer = 'continue';
    expect(brokenOff(login)).toEqual(DENIED);
  });

  it('has cookies instead of tokens in a browser', async () => {
    const somebody = stage.become(name);
    const login = await stage.logIn(name);
    const page = new WebClient(stage.server.url, stage.server.config.publicUrl);
    const answer = await page.post('/auth/web/exchange', {
      code: login.code,
      code_verifier: login.pkce.verifier,
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      expires_in: 900,
      csrf_token: page.csrfToken,
    });
    expect([...page.cookies.keys()].sort()).toEqual(['__Host-csrf', '__Host-device', '__Host-refresh']);
    expect(await infoOf(answer.body.access_token as string)).toMatchObject({ email: somebody.email });
    expect((await page.refresh()).status).toBe(200);
    expect((await page.logOut()).status).toBe(200);
    expect((await page.refresh()).status).toBe(401);
  });
});

describe('a code', () => {
  const CODE_INVALID = { status: 400, code: 'OAUTH_CODE_INVALID' };

  it('is good once', async () => {
    stage.become('keycloak');
    const login = await stage.logIn('keycloak');
    expect((await stage.exchange(login)).status).toBe(200);
    expect(refusalOf(await stage.leavingNoTrace(() => stage.exchange(login)))).toEqual(CODE_INVALID);
  });

  it('is used up by a wrong verifier', async () => {
    stage.become('keycloak');
    const login = await stage.logIn('keycloak');
    const wrong = { code: login.code, pkce: { ...login.pkce, verifier: 'A'.repeat(43) } };
    for (const attempt of [wrong, login])
      expect(refusalOf(await stage.leavingNoTrace(() => stage.exchange(attempt)))).toEqual(CODE_INVALID);
  });

  it('is good for a minute', async () => {
    stage.become('keycloak');
    const login = await stage.logIn('keycloak');
    const { rows } = await stage.server.sql.query<{ seconds: number }>(
      'SELECT extract(epoch FROM max(expires_at) - now())::float AS seconds FROM oauth_codes',
    );
    expect(rows[0]!.seconds).toBeGreaterThan(50);
    expect(rows[0]!.seconds).toBeLessThanOrEqual(60);
    await stage.server.sql.query(`UPDATE oauth_codes SET expires_at = expires_at - interval '60 seconds'`);
    expect(refusalOf(await stage.leavingNoTrace(() => stage.exchange(login)))).toEqual(CODE_INVALID);
  });

  it('of a browser is good for tokens, that of an app for cookies: the verifier says whose it is', async () => {
    stage.become('keycloak');
    const login = await stage.logIn('keycloak');
    const page = new WebClient(stage.server.url, stage.server.config.publicUrl);
    await page.post('/auth/web/exchange', { code: login.code, code_verifier: login.pkce.verifier });
    expect(refusalOf(await stage.leavingNoTrace(() => stage.exchange(login)))).toEqual(CODE_INVALID);
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['no verifier', { code: 'A'.repeat(43) }],
    ['no code', { code_verifier: 'A'.repeat(43) }],
    ['a verifier that is too short', { code: 'A'.repeat(43), code_verifier: 'A'.repeat(42) }],
    ['a verifier that is too long', { code: 'A'.repeat(43), code_verifier: 'A'.repeat(129) }],
    ['a code that is no text', { code: 7, code_verifier: 'A'.repeat(43) }],
  ])('is not looked for with %s', async (_what, body) => {
    const answer = await stage.leavingNoTrace(() => stage.server.api.post('/auth/oauth/exchange', body));
    expect(refusalOf(answer)).toEqual({ status: 422, code: 'VALIDATION_ERROR' });
  });

  it('from a foreign page gets no cookies, and is not used up', async () => {
    stage.become('keycloak');
    const login = await stage.logIn('keycloak');
    const page = new WebClient(stage.server.url, stage.server.config.publicUrl);
    const body = { code: login.code, code_verifier: login.pkce.verifier };
    const foreign = await stage.leavingNoTrace(() =>
      page.post('/auth/web/exchange', body, {
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
      }),
    );
    expect(refusalOf(foreign)).toEqual({ status: 403, code: 'CSRF_FAILED' });
    expect(foreign.setCookies).toEqual([]);
    expect((await page.post('/auth/web/exchange', body)).status).toBe(200);
  });
});

describe('Facebook', () => {
  it('tells no address where there is none: no account comes of it, and a known identity needs none', async () => {
    stage.become('facebook', { email: undefined });
    const answer = await stage.leavingNoTrace(async () => stage.exchange(await stage.logIn('facebook')));
    expect(refusalOf(answer)).toEqual({ status: 400, code: 'OAUTH_EMAIL_MISSING' });
    const { id, sub, email } = await stage.signUp('facebook');
    stage.become('facebook', { sub, email: undefined });
    const token = await stage.enter('facebook');
    expect(await infoOf(token)).toMatchObject({ id, email });
  });

  it('hears the proof that it is the service that asks, and no secret in an address', async () => {
    stage.at.facebook.graphRequests.length = 0;
    await stage.signUp('facebook');
    const asked = stage.at.facebook.graphRequests.map(({ pathname, searchParams }) => [
      pathname,
      [...searchParams.keys()].sort(),
    ]);
    expect(asked).toEqual([
      ['/v23.0/oauth/access_token', []],
      ['/v23.0/me', ['appsecret_proof', 'fields']],
    ]);
  });
});

describe('who may register', () => {
  const startWith = (env: Record<string, string>) => stage.startAnother(env);

  it('nobody, where registration is closed: no account is made, and known identities still log in', async () => {
    const known = await stage.signUp('google');
    const server = await startWith({ REGISTRATION: 'closed' });
    const again = await stage.exchange(await stage.logIn('google', {}, server));
    expect(await stage.idOf(again.body.access_token as string)).toBe(known.id);
    stage.become('google');
    const login = await stage.logIn('google', {}, server);
    const refused = await stage.leavingNoTrace(() =>
      server.api.post('/auth/oauth/exchange', { code: login.code, code_verifier: login.pkce.verifier }),
    );
    expect(refusalOf(refused)).toEqual({ status: 403, code: 'REGISTRATION_CLOSED' });
    await server.close();
  });

  it('who is invited, where that is needed: the invitation makes one account', async () => {
    const server = await startWith({ REGISTRATION: 'invite' });
    const admin = await stage.server.signUpAdmin();
    const { invitation } = (await server.as(admin).post('/admin/invitations', {})).body;
    const attempt = async (more: object) => {
      stage.become('google');
      const login = await stage.logIn('google', {}, server);
      return server.api.post('/auth/oauth/exchange', {
        ...{ code: login.code, code_verifier: login.pkce.verifier },
        ...more,
      });
    };
    expect(refusalOf(await stage.leavingNoTrace(() => attempt({})))).toEqual({
      status: 403,
      code: 'REGISTRATION_CLOSED',
    });
    expect((await attempt({ invitation })).status).toBe(200);
    expect(refusalOf(await stage.leavingNoTrace(() => attempt({ invitation })))).toEqual({
      status: 403,
      code: 'INVITATION_INVALID',
    });
    await server.close();
  });

  it('addresses of a domain, where only those may: others get no account', async () => {
    const server = await startWith({ REGISTRATION_DOMAINS: 'example.com' });
    const attempt = async (email: string) => {
      stage.become('google', { email });
      const login = await stage.logIn('google', {}, server);
      return server.api.post('/auth/oauth/exchange', {
        code: login.code,
        code_verifier: login.pkce.verifier,
      });
    };
    expect(refusalOf(await stage.leavingNoTrace(() => attempt('one@example.org')))).toEqual({
      status: 403,
      code: 'EMAIL_DOMAIN_NOT_ALLOWED',
    });
    expect((await attempt('one@example.com')).status).toBe(200);
    await server.close();
  });
});
