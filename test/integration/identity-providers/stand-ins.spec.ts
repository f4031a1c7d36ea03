import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import * as client from 'openid-client';
import { Facebook } from '../../support/identity-providers/facebook.js';
import { GenericProvider } from '../../support/identity-providers/generic.js';
import { Google, GOOGLE_ISSUER } from '../../support/identity-providers/google.js';
import { mapHosts, type MappedHosts } from '../../support/identity-providers/hosts.js';
import { LyingProvider } from '../../support/identity-providers/lying-provider.js';
import { issuerOf, Microsoft } from '../../support/identity-providers/microsoft.js';
import type { RegisteredClient } from '../../support/identity-providers/open-id-provider.js';

const CLIENT: RegisteredClient = {
  clientId: 'mc101',
  clientSecret: 'the secret of a client at a provider',
  redirectUri: 'http://localhost:8000/auth/oauth/some/callback',
};
const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const OTHER_TENANT = 'cc7d0b33-84c6-4368-a879-2e47139b7b1f';

let hosts: MappedHosts;
beforeEach(() => {
  hosts = mapHosts({});
});
afterEach(() => {
  hosts.stop();
});

/** Follows redirects until the provider sends the browser back. */
async function browse(start: URL): Promise<URL> {
  const jar = new Map<string, string>();
  for (let url = start, count = 0; count < 10; count += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map((pair) => pair.join('=')).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.href.startsWith(CLIENT.redirectUri)) return url;
  }
  throw new Error('too many redirects');
}

async function configure(issuer: string): Promise<client.Configuration> {
  return client.discovery(
    new URL(issuer),
    CLIENT.clientId,
    CLIENT.clientSecret,
    client.ClientSecretPost(CLIENT.clientSecret),
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- on this machine there is no TLS
    { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  );
}

/** A login with openid-client itself. */
async function logIn(config: client.Configuration) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const returned = await browse(
    client.buildAuthorizationUrl(config, {
      redirect_uri: CLIENT.redirectUri,
      scope: 'openid profile email',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }),
  );
  const tokens = await client.authorizationCodeGrant(config, returned, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
  });
  return { returned, tokens, claims: tokens.claims()! };
}

describe('what looks like Google', () => {
  let google: Google;
  beforeAll(async () => {
    google = await Google.start(CLIENT);
  });
  afterAll(() => google.stop());
  beforeEach(() => {
    hosts.add(google.hosts);
  });

  it('logs in whoever is before the browser, with their claims in the ID token and the profile', async () => {
    const config = await configure(GOOGLE_ISSUER);
    for (const sub of ['1', '2']) {
      google.person = { sub, email: `${sub}@gmail.com`, email_verified: true, name: 'Gina' };
      const { claims, tokens } = await logIn(config);
      expect(claims).toMatchObject({ ...google.person, iss: GOOGLE_ISSUER, aud: 'mc101', azp: 'mc101' });
      expect(await client.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject(google.person);
    }
  });

  it('has its endpoints where Google has them, and sends an iss that it does not announce', async () => {
    const config = await configure(GOOGLE_ISSUER);
    const { token_endpoint, jwks_uri, ...document } = config.serverMetadata();
    expect([token_endpoint, jwks_uri]).toEqual([
      'https://oauth2.googleapis.com/token',
      'https://www.googleapis.com/oauth2/v3/certs',
    ]);
    expect(document).not.toHaveProperty('authorization_response_iss_parameter_supported');
    expect((await logIn(config)).returned.searchParams.get('iss')).toBe(GOOGLE_ISSUER);
  });

  it('sends back who says no', async () => {
    google.answer = 'deny';
    const config = await configure(GOOGLE_ISSUER);
    await expect(logIn(config)).rejects.toMatchObject({ error: 'access_denied' });
  });
});

describe('what looks like Microsoft', () => {
  let microsoft: Microsoft;
  beforeAll(async () => {
    microsoft = await Microsoft.start(CLIENT, [TENANT, OTHER_TENANT]);
  });
  afterAll(() => microsoft.stop());
  beforeEach(() => {
    hosts.add(microsoft.hosts);
  });

  it('logs in at a tenant, with the issuer of that tenant', async () => {
    microsoft.person = { ...microsoft.person, tid: OTHER_TENANT, xms_edov: true };
    const config = await configure(issuerOf(OTHER_TENANT));
    const { claims, returned, tokens } = await logIn(config);
    expect(claims).toMatchObject({
      ...{ iss: issuerOf(OTHER_TENANT), tid: OTHER_TENANT, oid: microsoft.person.oid },
      ...{ email: microsoft.person.email, xms_edov: true },
    });
    expect(claims).not.toHaveProperty('email_verified');
    expect(returned.searchParams.has('iss')).toBe(false);
    expect(await client.fetchUserInfo(config, tokens.access_token, claims.sub)).toMatchObject({
      sub: microsoft.person.sub,
    });
  });

  it('has a common document whose issuer has a gap, and whose endpoints lead to the tenant of the person', async () => {
    const response = await fetch(
      'https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration',
    );
    const document = (await response.json()) as client.ServerMetadata;
    expect(document.issuer).toBe('https://login.microsoftonline.com/{tenantid}/v2.0');
    for (const tid of [TENANT, OTHER_TENANT]) {
      microsoft.person = { ...microsoft.person, tid };
      const config = new client.Configuration(
        { ...document, issuer: issuerOf(tid) },
        CLIENT.clientId,
        CLIENT.clientSecret,
      );
      client.enableNonRepudiationChecks(config);
      expect((await logIn(config)).claims).toMatchObject({ iss: issuerOf(tid), tid });
    }
  });
});

describe('an ordinary provider', () => {
  it('announces iss and tells how somebody has logged in', async () => {
    const provider = await GenericProvider.start(CLIENT);
    provider.person = { ...provider.person, acr: 'urn:example:second-factor', amr: ['pwd', 'otp'] };
    const config = await configure(provider.issuer);
    expect(config.serverMetadata().authorization_response_iss_parameter_supported).toBe(true);
    const { claims, returned } = await logIn(config);
    expect(claims).toMatchObject({ ...provider.person, iss: provider.issuer });
    expect(returned.searchParams.get('iss')).toBe(provider.issuer);
    await provider.stop();
  });
});

describe('a provider that can lie', () => {
  let liar: LyingProvider;
  beforeAll(async () => {
    liar = await LyingProvider.start(CLIENT);
  });
  afterAll(() => liar.stop());

  it('is an ordinary one as long as nobody tells it to lie', async () => {
    const config = await configure(liar.issuer);
    const { claims, tokens } = await logIn(config);
    expect(claims).toMatchObject(liar.person);
    expect(await client.fetchUserInfo(config, tokens.access_token, claims.sub)).toEqual(liar.person);
    await liar.rotateKeys();
    liar.repent();
    expect((await logIn(await configure(liar.issuer))).claims.sub).toBe(liar.person.sub);
    expect(liar.countOf('jwks')).toBe(1);
  });

  it.each([
    ['claims', { claims: { nonce: 'another' } }],
    ['claims that are missing', { claims: { exp: undefined } }],
    ['kid', { header: { kid: 'unknown' } }],
    ['no signature', { signedWith: 'nothing' as const }],
    ['the secret', { signedWith: { secret: CLIENT.clientSecret } }],
    ['a changed token', { tamper: (token: string) => token.slice(0, -8) + 'AAAAAAAA' }],
  ])('lies in its ID tokens: %s', async (_what, lies) => {
    liar.idToken = lies;
    await expect(logIn(await configure(liar.issuer))).rejects.toBeInstanceOf(Error);
    liar.repent();
  });
});

describe('what looks like Facebook', () => {
  let facebook: Facebook;
  beforeAll(async () => {
    facebook = await Facebook.start(CLIENT);
  });
  afterAll(() => facebook.stop());
  beforeEach(() => {
    hosts.add(facebook.hosts);
  });

  const getToken = async (code: string) => {
    const query = new URLSearchParams({
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      redirect_uri: CLIENT.redirectUri,
      code,
    });
    return fetch('https://graph.facebook.com/v23.0/oauth/access_token', { method: 'POST', body: query });
  };
  const dialog = () =>
    browse(
      new URL(
        `https://www.facebook.com/v23.0/dialog/oauth?client_id=mc101&state=s&redirect_uri=${encodeURIComponent(CLIENT.redirectUri)}`,
      ),
    );
  const profileOf = async (token: string, proof: string | undefined) => {
    const query = new URLSearchParams({ fields: 'id,name,email', ...(proof && { appsecret_proof: proof }) });
    const response = await fetch(`https://graph.facebook.com/v23.0/me?${query.toString()}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as any };
  };

  it('gives a code, for the code a token, and for the token with its proof the profile', async () => {
    const returned = await dialog();
    expect(returned.searchParams.get('state')).toBe('s');
    expect(returned.hash).toBe('#_=_');
    const code = returned.searchParams.get('code')!;
    const answer = (await (await getToken(code)).json()) as any;
    expect(answer).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: expect.any(Number),
    });
    const token = answer.access_token as string;
    const proof = createHmac('sha256', CLIENT.clientSecret).update(token).digest('hex');
    expect(await profileOf(token, proof)).toEqual({ status: 200, body: facebook.profile });
    for (const wrong of [undefined, 'a'.repeat(64)])
      expect(await profileOf(token, wrong)).toMatchObject({
        status: 400,
        body: { error: { type: 'GraphMethodException', code: 100, fbtrace_id: expect.any(String) } },
      });
    const again = await getToken(code);
    expect([again.status, await again.json()]).toMatchObject([400, { error: { type: 'OAuthException' } }]);
  });

  it('sends back who says no, in its own words', async () => {
    facebook.answer = 'deny';
    const { searchParams } = await dialog();
    expect(Object.fromEntries(searchParams)).toMatchObject({
      error: 'access_denied',
      error_reason: 'user_denied',
      state: 's',
    });
  });
});
