import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Browser, REDIRECT_URI } from '../../support/identity-providers/browser.js';
import type { IdTokenLies } from '../../support/identity-providers/id-token.js';
import type { LyingProvider } from '../../support/identity-providers/lying-provider.js';
import { makeSigningKey } from '../../support/identity-providers/signing-key.js';
import { brokenOff, SERVER_ERROR, SocialStage } from '../../support/identity-providers/social-stage.js';

let stage: SocialStage<'liar'>;
let liar: LyingProvider;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['liar'] });
  liar = stage.at.liar;
});
afterAll(() => stage.close());
beforeEach(() => {
  liar.repent();
  stage.become('liar');
});

const now = () => Math.floor(Date.now() / 1000);
const HOUR = 3600;

/** A login with such an ID token brings the browser back with an error, and nothing comes of it. */
async function expectRefused(lies: IdTokenLies): Promise<void> {
  liar.idToken = lies;
  const login = await stage.leavingNoTrace(() => stage.logIn('liar'));
  expect(brokenOff(login)).toEqual(SERVER_ERROR);
  expect(liar.countOf('token')).toBe(1);
  expect(login.callback.location!.searchParams.get('error_description')).not.toMatch(
    /claim|JWT|key|iss|aud/i,
  );
}

describe('an ID token is refused', () => {
  it.each<[string, () => Record<string, unknown>]>([
    ['of another issuer', () => ({ iss: 'https://accounts.google.com' })],
    ['of its issuer with a slash more', () => ({ iss: `${liar.issuer}/` })],
    ['without an issuer', () => ({ iss: undefined })],
    ['for another client', () => ({ aud: 'another-client' })],
    ['for nobody', () => ({ aud: [] })],
    ['without an audience', () => ({ aud: undefined })],
    [
      'for two clients of which it was given to the other',
      () => ({
        aud: [liar.client.clientId, 'another-client'],
        azp: 'another-client',
      }),
    ],
    [
      'for two clients, not saying to which it was given',
      () => ({
        aud: [liar.client.clientId, 'another-client'],
      }),
    ],
    ['given to another client', () => ({ azp: 'another-client' })],
    ['with another nonce', () => ({ nonce: 'A'.repeat(43) })],
    ['with an empty nonce', () => ({ nonce: '' })],
    ['without a nonce', () => ({ nonce: undefined })],
    ['that has expired', () => ({ iat: now() - 2 * HOUR, exp: now() - HOUR })],
    ['that has expired but for its issue', () => ({ exp: now() - 120 })],
    ['that never expires', () => ({ exp: undefined })],
    ['that expires at a time that is no number', () => ({ exp: 'tomorrow' })],
    ['issued in the future', () => ({ iat: now() + HOUR, exp: now() + 2 * HOUR })],
    ['issued at no time', () => ({ iat: undefined })],
    ['issued at a time that is no number', () => ({ iat: 'now' })],
    ['issued yesterday, good for a year', () => ({ iat: now() - 24 * HOUR, exp: now() + 8760 * HOUR })],
    ['not good before tomorrow', () => ({ nbf: now() + 24 * HOUR })],
    ['about nobody', () => ({ sub: undefined })],
    ['about an empty name', () => ({ sub: '' })],
    ['about a number', () => ({ sub: 12_345 })],
    ['about a list of people', () => ({ sub: ['1', '2'] })],
    ['about a name that no column holds', () => ({ sub: 'a\0b' })],
    ['about a name that no index holds', () => ({ sub: 'a'.repeat(10_000) })],
  ])('%s', (_what, claims) => expectRefused({ claims: claims() }));

  it.each<[string, () => IdTokenLies | Promise<IdTokenLies>]>([
    ['without a signature (alg none)', () => ({ signedWith: 'nothing' })],
    ['alg None', () => ({ signedWith: 'nothing', header: { alg: 'None' } })],
    [
      'alg NONE with a kid of theirs',
      () => ({
        signedWith: 'nothing',
        header: { alg: 'NONE', kid: liar.key.kid },
      }),
    ],
    ['RS256 with an empty signature', () => ({ tamper: (token) => token.replace(/[^.]*$/, '') })],
    ['RS256 without its last part', () => ({ tamper: (token) => token.replace(/\.[^.]*$/, '') })],
    ['HS256 with the client secret', () => ({ signedWith: { secret: liar.client.clientSecret } })],
    [
      'HS256 with the client secret under their kid',
      () => ({
        signedWith: { secret: liar.client.clientSecret },
        header: { kid: liar.key.kid },
      }),
    ],
    [
      'HS256 with their public key as the secret',
      () => ({
        signedWith: { secret: JSON.stringify(liar.key.publicJwk) },
        header: { kid: liar.key.kid },
      }),
    ],
    [
      'of a key that nobody published, under their kid',
      async () => ({
        signedWith: await makeSigningKey(),
        header: { kid: liar.key.kid },
      }),
    ],
    [
      'of a key that nobody published, under its own kid',
      async () => ({ signedWith: await makeSigningKey() }),
    ],
    [
      'of a key that it brings along',
      async () => {
        const own = await makeSigningKey();
        return { signedWith: own, header: { jwk: own.publicJwk, kid: own.kid } };
      },
    ],
    [
      'of a key that it names the address of',
      async () => ({
        signedWith: await makeSigningKey(),
        header: { jku: 'https://evil.example/jwks', x5u: 'https://evil.example/chain' },
      }),
    ],
    ['under an unknown kid', () => ({ header: { kid: 'unknown' } })],
    ['under a kid that is no text', () => ({ header: { kid: 7 } })],
    [
      'with a critical extension that nobody knows',
      () => ({
        tamper: (token) => {
          const header = { alg: 'RS256', kid: liar.key.kid, crit: ['b64'], b64: false };
          return token.replace(/^[^.]*/, Buffer.from(JSON.stringify(header)).toString('base64url'));
        },
      }),
    ],
    [
      'whose claims were changed',
      () => ({
        tamper: (token) => {
          const [header, payload = '', signature] = token.split('.');
          const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
          const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url');
          return [header, changed, signature].join('.');
        },
      }),
    ],
    ['that is no token', () => ({ tamper: () => 'not.a.token' })],
    ['that is empty', () => ({ tamper: () => '' })],
  ])('%s', async (_what, lies) => expectRefused(await lies()));

  it.each<[string, (answer: Record<string, unknown>) => void]>([
    ['that is missing', (answer) => delete answer['id_token']],
    ['that is no text', (answer) => Object.assign(answer, { id_token: { sub: 'admin' } })],
    ['that came without an access token', (answer) => delete answer['access_token']],
    ['whose access token is of an unknown type', (answer) => Object.assign(answer, { token_type: 'mac' })],
  ])('%s', async (_what, edit) => {
    liar.editTokens = edit;
    const login = await stage.leavingNoTrace(() => stage.logIn('liar'));
    expect(brokenOff(login)).toEqual(SERVER_ERROR);
  });

  it('that was given to somebody else’s login', async () => {
    let stolen = '';
    liar.idToken = { tamper: (token) => (stolen = token) };
    const victim = await stage.signUp('liar');
    liar.repent();
    stage.become('liar');
    await expectRefused({ tamper: () => stolen });
    expect(await stage.identitiesOf(victim.token)).toHaveLength(1);
  });

  it('when the profile is of somebody else, also where the token has no address', async () => {
    liar.idToken = { claims: { email: undefined } };
    liar.editProfile = (profile) => Object.assign(profile, { sub: 'somebody-else' });
    const login = await stage.leavingNoTrace(() => stage.logIn('liar'));
    expect(brokenOff(login)).toEqual(SERVER_ERROR);
    expect(liar.countOf('userinfo')).toBe(1);
  });
});

describe('what an ID token says', () => {
  const isVerified = async (token: string) =>
    (await stage.server.as({ token }).get('/users/info')).body.email_verified as boolean;

  it.each([
    [true, false, false],
    [false, true, true],
    [undefined, undefined, false],
  ])(
    'of a verified address (%p) does not cover one of the profile, which speaks for itself (%p): %p',
    async (inToken, inProfile, expected) => {
      liar.idToken = { claims: { email: undefined, email_verified: inToken } };
      liar.editProfile = (profile) => Object.assign(profile, { email_verified: inProfile });
      const { token } = await stage.signUp('liar');
      expect(await isVerified(token)).toBe(expected);
    },
  );

  it('of the time of the login counts: what needs a recent one is not opened by an old one', async () => {
    const secondsAgo = async (claims: Record<string, unknown>) => {
      liar.idToken = { claims };
      const { token } = await stage.signUp('liar');
      const { rows } = await stage.server.sql.query<{ seconds: number }>(
        `SELECT extract(epoch FROM now() - authenticated_at)::int AS seconds FROM sessions ORDER BY created_at DESC LIMIT 1`,
      );
      const { status } = await stage.server.as({ token }).get('/users/export');
      return { isOld: rows[0]!.seconds >= HOUR, status };
    };
    expect(await secondsAgo({})).toEqual({ isOld: false, status: 200 });
    expect(await secondsAgo({ auth_time: now() })).toEqual({ isOld: false, status: 200 });
    expect(await secondsAgo({ auth_time: now() + HOUR })).toEqual({ isOld: false, status: 200 });
    expect(await secondsAgo({ auth_time: now() - HOUR })).toEqual({ isOld: true, status: 403 });
  });
});

describe('an ID token is good', () => {
  async function expectAccepted(lies: IdTokenLies): Promise<void> {
    liar.idToken = lies;
    const { token, sub } = await stage.signUp('liar');
    expect(await stage.identitiesOf(token)).toMatchObject([{ provider: 'liar', issuer: liar.issuer }]);
    const { rows } = await stage.server.sql.query('SELECT FROM identities WHERE subject = $1', [sub]);
    expect(rows).toHaveLength(1);
  }

  it.each<[string, () => IdTokenLies]>([
    ['as it should be', () => ({})],
    ['for us alone in a list', () => ({ claims: { aud: [liar.client.clientId] } })],
    ['given to us', () => ({ claims: { azp: liar.client.clientId } })],
    ['from a clock that is five seconds ahead', () => ({ claims: { iat: now() + 5 } })],
    ['with claims that nobody knows', () => ({ claims: { admin: true, role: 'admin', user_id: 1 } })],
  ])('%s', (_what, lies) => expectAccepted(lies()));

  it('signed with a key that was published since the last login, a minute ago', async () => {
    await expectAccepted({});
    await liar.rotateKeys();
    liar.repent();
    const realNow = Date.now.bind(Date);
    // Only the age of the keys is to change: the token is of the time that the service's own clock shows.
    const claims = { iat: now() };
    const time = jest.spyOn(Date, 'now').mockImplementation(() => realNow() + 61_000);
    try {
      await expectAccepted({ claims });
    } finally {
      time.mockRestore();
    }
    expect(liar.countOf('jwks')).toBe(1);
  });

  it('signed with a new key, where a process has no key yet', async () => {
    await liar.rotateKeys();
    const server = await stage.startAnother();
    const login = await stage.logIn('liar', {}, server);
    expect(login.error).toBeUndefined();
    await server.close();
  });

  it('no more where its key was withdrawn: what the old one signs is refused', async () => {
    const old = liar.key;
    await liar.rotateKeys();
    const server = await stage.startAnother();
    liar.idToken = { signedWith: old };
    const login = await stage.leavingNoTrace(() => stage.logIn('liar', {}, server));
    expect(brokenOff(login)).toEqual(SERVER_ERROR);
    await server.close();
  });

  it('and its key is not asked for at every login', async () => {
    const server = await stage.startAnother();
    const logIn = async () => {
      stage.become('liar');
      expect((await stage.logIn('liar', {}, server)).error).toBeUndefined();
    };
    await logIn();
    liar.repent();
    for (let count = 0; count < 5; count += 1) await logIn();
    await server.close();
    expect({ jwks: liar.countOf('jwks'), discovery: liar.countOf('discovery') }).toEqual({
      jwks: 0,
      discovery: 0,
    });
  });
});

describe('a start', () => {
  it('has the provider ask once more where the client says so, in the words of the standard', async () => {
    const promptAt = async (query: string) => {
      const { location } = await new Browser(stage.server).open(
        `/auth/oauth/liar/start?redirect_uri=${encodeURIComponent(REDIRECT_URI)}&code_challenge=${'A'.repeat(43)}${query}`,
      );
      return location?.searchParams.get('prompt');
    };
    expect(await promptAt('')).toBeNull();
    expect(await promptAt('&prompt=login')).toBe('login');
    expect(await promptAt('&prompt=select_account')).toBe('select_account');
    expect(await promptAt('&prompt=none')).toBeUndefined();
  });
});
