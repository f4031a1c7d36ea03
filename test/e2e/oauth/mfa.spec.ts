import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { refusalOf, SocialStage } from '../../support/identity-providers/social-stage.js';
import type { Answer } from '../../support/api-client.js';
import type { Enrolled } from '../../support/authenticator.js';
import type { TestServer } from '../../support/test-server.js';
import { WebClient } from '../../support/web-client.js';
import { MfaPeople } from '../mfa/mfa-people.js';

type Names = 'google' | 'facebook' | 'microsoft' | 'keycloak' | 'liar';

let stage: SocialStage<Names>;
let people: MfaPeople;
beforeAll(async () => {
  stage = await SocialStage.start({
    providers: ['google', 'facebook', 'microsoft', 'keycloak', 'liar'],
    env: {
      OAUTH_OIDC_KEYCLOAK_MFA_AMR: 'otp hwk',
      OAUTH_OIDC_KEYCLOAK_MFA_ACR: 'urn:example:second-factor urn:example:gold',
      OAUTH_OIDC_LIAR_MFA_AMR: 'otp',
      OAUTH_OIDC_LIAR_MFA_ACR: 'gold',
    },
  });
  people = new MfaPeople(stage.server);
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.at.liar.repent();
});

/** An account with an authenticator app, whose owner comes with this provider too. */
async function withApp(name: Names, claims: Record<string, unknown> = {}): Promise<Enrolled> {
  const somebody = await stage.signUp(name, claims);
  return people.withApp({ ...somebody, password: '' });
}

const MFA_REQUIRED = {
  mfa_required: true,
  mfa_token: expect.any(String),
  methods: ['totp', 'backup_code'],
};

async function loginAgain(name: Names, server?: TestServer): Promise<Answer> {
  const login = await stage.logIn(name, {}, server);
  return (server ?? stage.server).api.post('/auth/oauth/exchange', {
    code: login.code,
    code_verifier: login.pkce.verifier,
  });
}

describe('after a login at a provider', () => {
  it.each(['google', 'facebook', 'microsoft', 'keycloak'] as const)(
    '%s: who has an app here is asked for it, and has no session before',
    async (name) => {
      const alice = await withApp(name);
      const waiting = await stage.leavingNoTrace(() => loginAgain(name));
      expect({ status: waiting.status, body: waiting.body }).toEqual({ status: 200, body: MFA_REQUIRED });
      const wrong = await stage.leavingNoTrace(() =>
        people.complete({ mfa_token: waiting.body.mfa_token, code: alice.app.wrongCode() }),
      );
      expect(refusalOf(wrong)).toEqual({ status: 400, code: 'CODE_INVALID' });
      const answer = await people.complete({
        mfa_token: waiting.body.mfa_token,
        code: alice.app.freshCode(),
      });
      expect(answer.status).toBe(200);
      expect(await stage.idOf(answer.body.access_token as string)).toBe(alice.id);
    },
  );

  it('a backup code is as good', async () => {
    const alice = await withApp('google');
    const { body } = await loginAgain('google');
    const answer = await people.complete({ mfa_token: body.mfa_token, backup_code: alice.backupCodes[0] });
    expect(answer.status).toBe(200);
  });

  it('a browser is asked too, gets no cookie before, and all of them then', async () => {
    const alice = await withApp('google');
    const login = await stage.logIn('google');
    const page = new WebClient(stage.server.url, stage.server.config.publicUrl);
    const waiting = await stage.leavingNoTrace(() =>
      page.post('/auth/web/exchange', { code: login.code, code_verifier: login.pkce.verifier }),
    );
    expect({ body: waiting.body, cookies: waiting.setCookies }).toEqual({ body: MFA_REQUIRED, cookies: [] });
    const elsewhere = await stage.leavingNoTrace(() =>
      people.complete({ mfa_token: waiting.body.mfa_token, code: alice.app.code() }),
    );
    expect(elsewhere.status).toBeGreaterThanOrEqual(400);
    const answer = await page.post('/auth/web/mfa', {
      mfa_token: waiting.body.mfa_token,
      code: alice.app.freshCode(),
    });
    expect(answer.status).toBe(200);
    expect([...page.cookies.keys()].sort()).toEqual(['__Host-csrf', '__Host-device', '__Host-refresh']);
  });

  it('the code of the login is used up while the second factor is waited for', async () => {
    await withApp('google');
    const login = await stage.logIn('google');
    expect((await stage.exchange(login)).body).toEqual(MFA_REQUIRED);
    expect(refusalOf(await stage.exchange(login))).toEqual({ status: 400, code: 'OAUTH_CODE_INVALID' });
  });

  it('an identity that is unlinked meanwhile opens nothing', async () => {
    const alice = await people.withApp();
    stage.become('google');
    const link = await stage.logIn('google', { purpose: 'link' });
    const linked = await stage.server
      .as(alice)
      .post('/auth/identities', { code: link.code, code_verifier: link.pkce.verifier });
    expect(linked.status).toBe(201);
    const { body } = await loginAgain('google');
    expect((await stage.server.as(alice).delete(`/auth/identities/${String(linked.body.id)}`)).status).toBe(
      204,
    );
    const answer = await stage.leavingNoTrace(() =>
      people.complete({ mfa_token: body.mfa_token, code: alice.app.freshCode() }),
    );
    expect(refusalOf(answer)).toEqual({ status: 401, code: 'MFA_TOKEN_INVALID' });
  });

  it('who was disabled meanwhile does not come in', async () => {
    const alice = await withApp('google');
    const admin = await stage.server.signUpAdmin();
    const { body } = await loginAgain('google');
    await stage.server.as(admin).patch(`/admin/users/${alice.id}`, { is_active: false });
    const answer = await stage.leavingNoTrace(() =>
      people.complete({ mfa_token: body.mfa_token, code: alice.app.freshCode() }),
    );
    expect(refusalOf(answer)).toEqual({ status: 401, code: 'MFA_TOKEN_INVALID' });
  });
});

describe('a provider that has asked for a second factor itself', () => {
  it.each<[Names, Record<string, unknown>]>([
    ['keycloak', { amr: ['pwd', 'otp'] }],
    ['keycloak', { amr: ['hwk'] }],
    ['keycloak', { acr: 'urn:example:second-factor' }],
    ['keycloak', { acr: 'urn:example:gold', amr: ['pwd'] }],
    ['liar', { acr: 'gold' }],
  ])('%s with %j: by configuration it is enough', async (name, claims) => {
    const alice = await withApp(name, claims);
    const answer = await loginAgain(name);
    expect(answer.status).toBe(200);
    expect(await stage.idOf(answer.body.access_token as string)).toBe(alice.id);
  });

  it.each<[Names, Record<string, unknown>]>([
    ['keycloak', { amr: ['pwd'] }],
    ['keycloak', { amr: [] }],
    ['keycloak', { amr: ['OTP'] }],
    ['keycloak', { amr: ['otp hwk'] }],
    ['keycloak', { acr: 'urn:example:second-factor urn:example:gold' }],
    ['keycloak', { acr: 'otp' }],
    ['keycloak', { amr: ['urn:example:gold'] }],
    ['microsoft', { amr: ['pwd', 'mfa'] }],
    ['microsoft', { acr: 'mfa' }],
    ['google', { amr: ['mfa', 'otp'], acr: 'gold' }],
    ['liar', { amr: 'otp' }],
    ['liar', { amr: { 0: 'otp' } }],
    ['liar', { amr: [['otp']] }],
    ['liar', { acr: ['gold'] }],
    ['liar', { acr: { toString: 'gold' } }],
    ['liar', { acr: null, amr: null }],
    ['liar', { acr: '', amr: [''] }],
  ])('%s with %j: it is not enough', async (name, claims) => {
    await withApp(name, claims);
    const waiting = await stage.leavingNoTrace(() => loginAgain(name));
    expect({ status: waiting.status, body: waiting.body }).toEqual({ status: 200, body: MFA_REQUIRED });
  });

  it('is not believed where that stands in the profile and not in the signed token', async () => {
    await withApp('liar');
    stage.at.liar.idToken = { claims: { email: undefined } };
    stage.at.liar.editProfile = (profile) => Object.assign(profile, { amr: ['otp'], acr: 'gold' });
    expect((await loginAgain('liar')).body).toEqual(MFA_REQUIRED);
  });
});

describe('where everybody must have a second factor', () => {
  const SETUP_REQUIRED = { status: 403, code: 'MFA_SETUP_REQUIRED' };
  let strict: TestServer;
  beforeAll(async () => {
    strict = await stage.startAnother({ REQUIRE_MFA: 'all' });
    people.alsoStop(strict);
  });
  afterAll(() => strict.close());

  it('who comes with a provider and has none must set one up first', async () => {
    stage.become('google');
    const { status, body } = await loginAgain('google', strict);
    expect(status).toBe(200);
    const api = strict.as({ token: body.access_token as string });
    expect(refusalOf(await api.get('/users/notes'))).toEqual(SETUP_REQUIRED);
    expect(refusalOf(await api.get('/auth/identities'))).toEqual(SETUP_REQUIRED);
    expect((await api.post('/auth/mfa/totp/setup')).status).toBe(200);
  });

  it('who has one is asked for it', async () => {
    const alice = await withApp('google');
    const waiting = await loginAgain('google', strict);
    expect(waiting.body).toEqual(MFA_REQUIRED);
    const answer = await strict.api.post('/auth/mfa/complete', {
      mfa_token: waiting.body.mfa_token,
      code: alice.app.freshCode(),
    });
    expect((await strict.as({ token: answer.body.access_token as string }).get('/users/notes')).status).toBe(
      200,
    );
  });
});
