import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../../support/api-client.js';
import { Browser, makePkce, REDIRECT_URI, type Login } from '../../support/identity-providers/browser.js';
import { refusalOf, SocialStage } from '../../support/identity-providers/social-stage.js';
import { verifyEmail } from '../../support/mailed-codes.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';

const NOT_LINKED = { status: 409, code: 'IDENTITY_NOT_LINKED' };
const CODE_INVALID = { status: 400, code: 'OAUTH_CODE_INVALID' };
const NOT_RECENT = { status: 403, code: 'REAUTHENTICATION_REQUIRED' };

let stage: SocialStage<'google' | 'keycloak'>;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['google', 'keycloak'] });
});
afterAll(() => stage.close());

type Token = Pick<Actor, 'token'>;

const hand = (actor: Token, login: Pick<Login, 'pkce'>, code: string | undefined): Promise<Answer> =>
  stage.server.as(actor).post('/auth/identities', { code, code_verifier: login.pkce.verifier });
const link = (actor: Token, login: Login) => hand(actor, login, login.code);
const unlink = (actor: Token, id: unknown) => stage.server.as(actor).delete(`/auth/identities/${String(id)}`);

/** An account with a password and the identity of a new person at Google. */
async function withGoogle(): Promise<Actor & { identity: number; sub: string }> {
  const actor = await stage.server.signUp();
  const { sub } = stage.become('google');
  const linked = await link(actor, await stage.logIn('google', { purpose: 'link' }));
  expect(linked.status).toBe(201);
  return { ...actor, identity: linked.body.id as number, sub };
}

const age = ({ id }: Pick<Actor, 'id'>) =>
  stage.server.sql.query(
    `UPDATE sessions SET authenticated_at = now() - interval '15 minutes 1 second' WHERE user_id = $1`,
    [id],
  );

/** Somebody who comes with the address of an account, and is told so. */
async function refusedFor(email: string): Promise<{ login: Login; linkCode: string; answer: Answer }> {
  stage.become('google', { email });
  const login = await stage.logIn('google');
  const answer = await stage.leavingNoTrace(() => stage.exchange(login));
  expect(refusalOf(answer)).toEqual(NOT_LINKED);
  return { login, answer, linkCode: answer.body.error.details.link_code as string };
}

describe('an address that an account has already', () => {
  it('is not linked by itself, verified or not: the answer has a code for the owner of the account', async () => {
    for (const isVerified of [false, true]) {
      const alice = await stage.server.signUp();
      if (isVerified) expect((await verifyEmail(stage.server, alice)).status).toBe(200);
      const { answer } = await refusedFor(alice.email);
      expect(answer.body.error.details).toEqual({
        link_code: expect.stringMatching(/^[\w-]{43}$/),
        expires_in: 600,
      });
      expect(await stage.identitiesOf(alice.token)).toEqual([]);
    }
  });

  it('is linked by who logs in to the account and hands in the code; then the provider opens it', async () => {
    const alice = await stage.server.signUp();
    const { login, linkCode } = await refusedFor(alice.email);
    const token = await stage.server.logIn(alice);
    const linked = await hand({ token }, login, linkCode);
    expect({ status: linked.status, body: linked.body }).toEqual({
      status: 201,
      body: {
        id: expect.anything(),
        provider: 'google',
        issuer: 'https://accounts.google.com',
        email: alice.email,
        created_at: expect.any(String),
        last_login_at: linked.body.last_login_at,
      },
    });
    expect(await stage.identitiesOf(token)).toEqual([linked.body]);
    expect(await stage.idOf(await stage.enter('google'))).toBe(alice.id);
    expect(await stage.server.logIn(alice)).toEqual(expect.any(String));
  });

  it('is linked with that account alone: somebody else’s login makes the code good for nothing', async () => {
    const alice = await stage.server.signUp();
    const mallory = await stage.server.signUp();
    const { login, linkCode } = await refusedFor(alice.email);
    const answer = await stage.leavingNoTrace(() => hand(mallory, login, linkCode));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(await stage.identitiesOf(mallory.token)).toEqual([]);
    expect(await stage.identitiesOf(alice.token)).toEqual([]);
  });

  it('is linked once: a second use of the code finds nothing', async () => {
    const alice = await stage.server.signUp();
    const { login, linkCode } = await refusedFor(alice.email);
    const linked = await hand(alice, login, linkCode);
    expect((await unlink(alice, linked.body.id)).status).toBe(204);
    expect(refusalOf(await hand(alice, login, linkCode))).toEqual(CODE_INVALID);
  });

  it('is linked only with the verifier of the client that began, who has one try', async () => {
    const alice = await stage.server.signUp();
    const { login, linkCode } = await refusedFor(alice.email);
    expect(refusalOf(await hand(alice, { pkce: makePkce() }, linkCode))).toEqual(CODE_INVALID);
    expect(refusalOf(await hand(alice, login, linkCode))).toEqual(CODE_INVALID);
    expect(await stage.identitiesOf(alice.token)).toEqual([]);
  });

  it('is linked within OAUTH_LINK_TTL', async () => {
    const alice = await stage.server.signUp();
    const { login, linkCode } = await refusedFor(alice.email);
    await stage.server.sql.query(`UPDATE oauth_codes SET expires_at = expires_at - interval '600 seconds'`);
    expect(refusalOf(await hand(alice, login, linkCode))).toEqual(CODE_INVALID);
    const server = await stage.startAnother({ OAUTH_LINK_TTL: '120' });
    stage.become('google', { email: alice.email });
    const { code, pkce } = await stage.logIn('google', {}, server);
    const refused = await server.api.post('/auth/oauth/exchange', { code, code_verifier: pkce.verifier });
    expect(refused.body.error.details.expires_in).toBe(120);
    await server.close();
  });

  it('is not opened by the code for the link: nobody logs in with that', async () => {
    const alice = await stage.server.signUp();
    const { login, linkCode } = await refusedFor(alice.email);
    const answer = await stage.leavingNoTrace(() => stage.exchange({ code: linkCode, pkce: login.pkce }));
    expect(refusalOf(answer)).toEqual(CODE_INVALID);
  });

  it('asks the same of an account that a browser comes to with cookies', async () => {
    const alice = await stage.server.signUp();
    stage.become('google', { email: alice.email });
    const { code, pkce } = await stage.logIn('google');
    const answer = await stage.leavingNoTrace(() =>
      stage.server.api.post(
        '/auth/web/exchange',
        { code, code_verifier: pkce.verifier },
        { headers: { origin: stage.server.config.publicUrl, 'sec-fetch-site': 'same-origin' } },
      ),
    );
    expect(refusalOf(answer)).toEqual(NOT_LINKED);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('somebody who is logged in', () => {
  const askToLink = (actor: Token, provider: string, challenge: string) =>
    stage.server
      .as(actor)
      .post(`/auth/oauth/${provider}/link`, { redirect_uri: REDIRECT_URI, code_challenge: challenge });

  it('is told where to go to link a provider, goes there, and has it linked', async () => {
    const alice = await stage.server.signUp();
    stage.become('google', { email: 'another-address@example.net' });
    const pkce = makePkce();
    const { status, body } = await askToLink(alice, 'google', pkce.challenge);
    expect(status).toBe(200);
    expect(Object.keys(body as object)).toEqual(['authorization_url']);
    const url = new URL(body.authorization_url as string);
    expect(url.origin).toBe(stage.server.config.publicUrl);
    expect(url.pathname).toBe('/auth/oauth/google/start');
    expect(url.href).not.toContain(alice.token);
    const browser = new Browser(stage.server);
    const login = await browser.goOn(await browser.open(url), pkce);
    expect((await link(alice, login)).status).toBe(201);
    expect(await stage.identitiesOf(alice.token)).toMatchObject([
      { provider: 'google', email: 'another-address@example.net' },
    ]);
    const token = await stage.enter('google');
    expect((await stage.server.as({ token }).get('/users/info')).body).toMatchObject({
      id: alice.id,
      email: alice.email,
      name: alice.name,
    });
  });

  it('links several providers, and several people of one', async () => {
    const alice = await withGoogle();
    stage.become('google');
    expect((await link(alice, await stage.logIn('google', { purpose: 'link' }))).status).toBe(201);
    stage.become('keycloak');
    expect((await link(alice, await stage.logIn('keycloak', { purpose: 'link' }))).status).toBe(201);
    const identities = await stage.identitiesOf(alice.token);
    expect(identities.map(({ provider }) => provider as string).sort()).toEqual([
      'google',
      'google',
      'keycloak',
    ]);
  });

  it('does not link with the code of a login, and does not log in with the code of a link', async () => {
    const alice = await stage.server.signUp();
    stage.become('google');
    const forLogin = await stage.logIn('google');
    expect(refusalOf(await stage.leavingNoTrace(() => link(alice, forLogin)))).toEqual(CODE_INVALID);
    const forLink = await stage.logIn('google', { purpose: 'link' });
    expect(refusalOf(await stage.leavingNoTrace(() => stage.exchange(forLink)))).toEqual(CODE_INVALID);
  });

  it('has one try with a verifier', async () => {
    const alice = await stage.server.signUp();
    stage.become('google');
    const login = await stage.logIn('google', { purpose: 'link' });
    expect(refusalOf(await hand(alice, { pkce: makePkce() }, login.code))).toEqual(CODE_INVALID);
    expect(refusalOf(await stage.leavingNoTrace(() => link(alice, login)))).toEqual(CODE_INVALID);
  });

  it('cannot link what another account has, which keeps it', async () => {
    const alice = await withGoogle();
    const mallory = await stage.server.signUp();
    const login = await stage.logIn('google', { purpose: 'link' });
    const answer = await stage.leavingNoTrace(() => link(mallory, login));
    expect(refusalOf(answer)).toEqual({ status: 409, code: 'IDENTITY_TAKEN' });
    expect(JSON.stringify(answer.body)).not.toContain(alice.email);
    expect(await stage.identitiesOf(alice.token)).toHaveLength(1);
    expect(await stage.idOf(await stage.enter('google'))).toBe(alice.id);
  });

  it('links what they have already without having it twice', async () => {
    const alice = await withGoogle();
    const answer = await link(alice, await stage.logIn('google', { purpose: 'link' }));
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ id: alice.identity, provider: 'google' });
    expect(await stage.identitiesOf(alice.token)).toHaveLength(1);
  });

  it('has logged in within fifteen minutes, for asking, linking and unlinking', async () => {
    const alice = await withGoogle();
    const pkce = makePkce();
    stage.become('google');
    const login = await stage.logIn('google', { purpose: 'link' });
    await age(alice);
    expect(refusalOf(await askToLink(alice, 'google', pkce.challenge))).toEqual(NOT_RECENT);
    expect(refusalOf(await stage.leavingNoTrace(() => link(alice, login)))).toEqual(NOT_RECENT);
    expect(refusalOf(await stage.leavingNoTrace(() => unlink(alice, alice.identity)))).toEqual(NOT_RECENT);
    await stage.server.as(alice).post('/auth/step-up', { password: alice.password });
    expect((await link(alice, login)).status).toBe(201);
  });

  it('is somebody: without a token nothing is listed, linked or unlinked', async () => {
    const { identity } = await withGoogle();
    const login = await stage.logIn('google', { purpose: 'link' });
    const answers = await stage.leavingNoTrace(async () => [
      await stage.server.api.get('/auth/identities'),
      await stage.server.api.post('/auth/identities', {
        code: login.code,
        code_verifier: login.pkce.verifier,
      }),
      await stage.server.api.delete(`/auth/identities/${identity}`),
      await stage.server.api.post('/auth/oauth/google/link', {
        redirect_uri: REDIRECT_URI,
        code_challenge: makePkce().challenge,
      }),
    ]);
    for (const answer of answers) expect(refusalOf(answer)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  });

  it('asks for a provider that there is', async () => {
    const alice = await stage.server.signUp();
    expect(refusalOf(await askToLink(alice, 'nobody', makePkce().challenge))).toEqual({
      status: 404,
      code: 'OAUTH_PROVIDER_NOT_FOUND',
    });
  });
});

describe('an identity that is unlinked', () => {
  it('opens the account no longer, and its address alone links nothing', async () => {
    const alice = await stage.server.signUp();
    const { login, linkCode } = await refusedFor(alice.email);
    const { body } = await hand(alice, login, linkCode);
    expect((await unlink(alice, body.id)).status).toBe(204);
    expect(await stage.identitiesOf(alice.token)).toEqual([]);
    const again = await stage.leavingNoTrace(async () => stage.exchange(await stage.logIn('google')));
    expect(refusalOf(again)).toEqual(NOT_LINKED);
  });

  it('may make an account of its own afterwards', async () => {
    const alice = await withGoogle();
    expect((await unlink(alice, alice.identity)).status).toBe(204);
    expect(await stage.idOf(await stage.enter('google'))).not.toBe(alice.id);
  });

  it('with a code under way opens nothing of the account it was taken from', async () => {
    const alice = await withGoogle();
    const login = await stage.logIn('google');
    expect((await unlink(alice, alice.identity)).status).toBe(204);
    const answer = await stage.exchange(login);
    if (answer.status === 200)
      expect(await stage.idOf(answer.body.access_token as string)).not.toBe(alice.id);
    else expect(answer.status).toBeLessThan(500);
    expect(await stage.identitiesOf(alice.token)).toEqual([]);
  });

  it('is one’s own: those of others are not found, and stay', async () => {
    const alice = await withGoogle();
    const mallory = await stage.server.signUp();
    for (const id of [alice.identity, 999_999])
      expect(refusalOf(await unlink(mallory, id))).toEqual({ status: 404, code: 'IDENTITY_NOT_FOUND' });
    expect(await stage.identitiesOf(alice.token)).toHaveLength(1);
  });
});

describe('the last way in', () => {
  const LAST = { status: 409, code: 'LAST_LOGIN_METHOD' };

  it('cannot be removed where there is no password and no passkey', async () => {
    const somebody = await stage.signUp('google');
    const [{ id } = {}] = await stage.identitiesOf(somebody.token);
    expect(refusalOf(await stage.leavingNoTrace(() => unlink(somebody, id)))).toEqual(LAST);
    expect(await stage.idOf(await stage.enter('google'))).toBe(somebody.id);
  });

  it('is another identity: of two, one can be removed', async () => {
    const somebody = await stage.signUp('google');
    stage.become('keycloak');
    await link(somebody, await stage.logIn('keycloak', { purpose: 'link' }));
    const [first, second] = await stage.identitiesOf(somebody.token);
    expect((await unlink(somebody, first!['id'])).status).toBe(204);
    expect(refusalOf(await unlink(somebody, second!['id']))).toEqual(LAST);
  });

  it('is a passkey, which then cannot be removed either', async () => {
    const somebody = await stage.signUp('google');
    const client = new PasskeyClient(
      stage.server.api,
      new SoftwareAuthenticator(stage.server.config.publicUrl),
    );
    const passkey = await client.register(somebody);
    expect(passkey.status).toBe(201);
    const [{ id } = {}] = await stage.identitiesOf(somebody.token);
    expect((await unlink(somebody, id)).status).toBe(204);
    expect(
      refusalOf(await stage.server.as(somebody).delete(`/auth/passkeys/${String(passkey.body.id)}`)),
    ).toEqual(LAST);
    expect((await client.logIn()).status).toBe(200);
  });

  it('is a password', async () => {
    const alice = await withGoogle();
    expect((await unlink(alice, alice.identity)).status).toBe(204);
    expect(await stage.server.logIn(alice)).toEqual(expect.any(String));
  });
});

describe('who has linked a provider', () => {
  it('finds it in their export, and sees linking and unlinking among their events', async () => {
    const alice = await withGoogle();
    const exported = await stage.server.as(alice).get('/users/export');
    expect(JSON.stringify(exported.body)).toContain('https://accounts.google.com');
    await unlink(alice, alice.identity);
    const { body } = await stage.server.as(alice).get('/users/audit');
    const kinds = body.items.map(({ event_type }: { event_type: string }) => event_type) as string[];
    expect(kinds.filter((kind) => /link|identity/.test(kind))).toHaveLength(2);
  });

  it('is told by mail of the one and of the other', async () => {
    const alice = await withGoogle();
    const told = async () =>
      (await stage.server.mailsTo(alice.email))
        .map(({ kind }) => kind)
        .filter((kind) => kind.startsWith('identity'));
    expect(await told()).toEqual(['identityLinked']);
    await unlink(alice, alice.identity);
    expect(await told()).toEqual(['identityLinked', 'identityUnlinked']);
  });
});
