import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Browser, makePkce, REDIRECT_URI, type Step } from '../../support/identity-providers/browser.js';
import { OTHER_REDIRECT_URI, refusalOf, SocialStage } from '../../support/identity-providers/social-stage.js';

const NOT_ALLOWED = { status: 400, code: 'REDIRECT_URI_NOT_ALLOWED' };

let stage: SocialStage<'liar'>;
let token: string;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['liar'] });
  token = (await stage.server.signUp()).token;
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.at.liar.repent();
});

const HOST = 'app.example';

/** Every spelling that some parser, somewhere, takes for the allowed address or for one below it. */
const SPELLINGS = [
  'https://evil.example/',
  'https://evil.example/login/done',
  '//evil.example/login/done',
  '/\\evil.example',
  '/login/done',
  'login/done',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'https:evil.example',
  'https:/evil.example',
  'http://app.example/login/done',
  'HTTPS://app.example/login/done',
  'https://APP.example/login/done',
  `https://${HOST}:443/login/done`,
  `https://${HOST}:8443/login/done`,
  `https://${HOST}./login/done`,
  `https://${HOST}.evil.example/login/done`,
  `https://evil.example/${HOST}/login/done`,
  `https://evil.example?https://${HOST}/login/done`,
  `https://evil.example#https://${HOST}/login/done`,
  `https://${HOST}@evil.example/login/done`,
  `https://${HOST}%40evil.example/login/done`,
  `https://evil.example@${HOST}/login/done`,
  `https://evil.example\\@${HOST}/login/done`,
  `https://${HOST}\\.evil.example/login/done`,
  `https://sub.${HOST}/login/done`,
  `https://${HOST}/`,
  `https://${HOST}/login`,
  `https://${HOST}/login/done/`,
  `https://${HOST}/login/done/more`,
  `https://${HOST}/login/donemore`,
  `https://${HOST}/login//done`,
  `https://${HOST}/login/./done`,
  `https://${HOST}/login/../login/done`,
  `https://${HOST}/login/done/..`,
  `https://${HOST}/login/%64one`,
  `https://${HOST}/login%2fdone`,
  `https://${HOST}/LOGIN/done`,
  `https://${HOST}/login/done?`,
  `https://${HOST}/login/done?next=https://evil.example`,
  `https://${HOST}/login/done#`,
  `https://${HOST}/login/done#fragment`,
  `https://${HOST}/login/done;x`,
  ` https://${HOST}/login/done`,
  `https://${HOST}/login/done `,
  `https://${HOST}/login/done\t`,
  `https://${HOST}/login/done\n`,
  `https://${HOST}/login/done\r\nSet-Cookie: a=b`,
  `https://${HOST}/login/done\0`,
  `https://${HOST}/login/done%0d%0a`,
  `\u{feff}https://${HOST}/login/done`,
  'https://аpp.example/login/done',
  'https://xn--pp-6kc.example/login/done',
  'https://app。example/login/done',
  'https://app.example/login/done?from=mc101&lang=en',
  'https://app.example/other',
  'https://app.example/other?lang=en&from=mc101',
  'https://app.example/other?from=mc101&lang=en&more=1',
  'https://app.example/other?from=mc101&amp;lang=en',
  `${REDIRECT_URI},${OTHER_REDIRECT_URI}`,
  `https://${HOST}/*`,
  '*',
  'null',
  'https://localhost/login/done',
  'http://127.0.0.1/login/done',
  'http://localhost:8000/',
];

const startWith = (query: string): Promise<Step> =>
  new Browser(stage.server).open(`/auth/oauth/liar/start?${query}`);

/** Answered with an error and never with a redirect; nothing began. */
function expectNotSent(answer: Step): void {
  expect(answer.location).toBeUndefined();
  expect(answer.headers.get('refresh')).toBeNull();
  expect(answer.setCookies).toEqual([]);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
}

describe('a browser is sent to no address but those of the list, to the letter', () => {
  it.each(SPELLINGS.map((uri) => [uri]))('%j', async (uri) => {
    const query = new URLSearchParams({ redirect_uri: uri, code_challenge: makePkce().challenge });
    const answer = await stage.leavingNoTrace(() => startWith(query.toString()));
    expectNotSent(answer);
    // What is no text that anybody could have listed may be told as that.
    expect([NOT_ALLOWED, { status: 422, code: 'VALIDATION_ERROR' }]).toContainEqual(refusalOf(answer));
    const { rowCount } = await stage.server.sql.query('SELECT FROM oauth_flows');
    expect(rowCount).toBe(0);
  });

  it('neither from a start nor from a request to link', async () => {
    for (const uri of SPELLINGS) {
      const answer = await stage.server
        .as({ token })
        .post('/auth/oauth/liar/link', { redirect_uri: uri, code_challenge: makePkce().challenge });
      expect([400, 422]).toContain(answer.status);
      expect(answer.body).not.toHaveProperty('authorization_url');
    }
  });

  it.each<[string, string]>([
    [
      'twice, the allowed one first',
      `redirect_uri=${encodeURIComponent(REDIRECT_URI)}&redirect_uri=https://evil.example`,
    ],
    [
      'twice, the allowed one last',
      `redirect_uri=https://evil.example&redirect_uri=${encodeURIComponent(REDIRECT_URI)}`,
    ],
    ['as a list', `redirect_uri[]=${encodeURIComponent(REDIRECT_URI)}`],
    ['as an object', `redirect_uri[toString]=${encodeURIComponent(REDIRECT_URI)}`],
    ['not at all', ''],
    ['empty', 'redirect_uri='],
  ])('when it is given %s', async (_how, query) => {
    expectNotSent(await startWith(`${query}&code_challenge=${makePkce().challenge}`));
  });

  it('and a flow keeps the address that it began with, whatever comes back', async () => {
    stage.become('liar');
    stage.at.liar.editReturn = (params) => {
      params.set('redirect_uri', 'https://evil.example/');
    };
    const login = await stage.logIn('liar');
    expect(login.callback.location!.href.split('?')[0]).toBe(REDIRECT_URI);
  });

  it('not in an error of the provider either, whose words are not repeated', async () => {
    stage.at.liar.editReturn = (params) => {
      params.delete('code');
      params.set('error', 'https://evil.example/');
      params.set('error_description', '<script>alert(1)</script>');
      params.set('error_uri', 'https://evil.example/');
    };
    const login = await stage.leavingNoTrace(() => stage.logIn('liar'));
    expect(login.error).toBe('server_error');
    expect(login.callback.location!.href).not.toMatch(/evil|alert/);
  });
});

describe('an address of the list', () => {
  it('keeps the query that it has', async () => {
    stage.become('liar');
    const login = await stage.logIn('liar', { redirectUri: OTHER_REDIRECT_URI });
    expect(login.callback.location!.href).toBe(`${OTHER_REDIRECT_URI}&code=${login.code!}`);
    stage.at.liar.editReturn = (params) => {
      params.delete('code');
      params.set('error', 'access_denied');
    };
    const denied = await stage.logIn('liar', { redirectUri: OTHER_REDIRECT_URI });
    expect(denied.callback.location!.href.startsWith(`${OTHER_REDIRECT_URI}&error=access_denied&`)).toBe(
      true,
    );
  });

  it('gets code or error and nothing else: no token, no state, no name', async () => {
    const somebody = stage.become('liar');
    const { callback } = await stage.logIn('liar');
    expect([...callback.location!.searchParams.keys()]).toEqual(['code']);
    expect(callback.location!.hash).toBe('');
    expect(callback.location!.href).not.toContain(somebody.email);
    expect(callback.headers.get('referrer-policy')).toMatch(/no-referrer|strict-origin|same-origin/);
    expect(callback.headers.get('cache-control')).toContain('no-store');
  });
});

describe('what a browser is sent to the provider with', () => {
  it.each<[string, string]>([
    ['no challenge', ''],
    ['an empty challenge', 'code_challenge='],
    ['a challenge cut short', `code_challenge=${'A'.repeat(42)}`],
    ['a challenge that is too long', `code_challenge=${'A'.repeat(44)}`],
    ['a challenge in base64', `code_challenge=${encodeURIComponent('+/'.padEnd(43, 'A'))}`],
    ['two challenges', `code_challenge=${'A'.repeat(43)}&code_challenge=${'B'.repeat(43)}`],
    ['a plain challenge', `code_challenge=${'A'.repeat(43)}&code_challenge_method=plain`],
    ['an unknown purpose', `code_challenge=${'A'.repeat(43)}&purpose=admin`],
    ['a parameter that nobody knows', `code_challenge=${'A'.repeat(43)}&scope=admin`],
  ])('%s is refused', async (_how, query) => {
    const answer = await startWith(`redirect_uri=${encodeURIComponent(REDIRECT_URI)}&${query}`);
    expectNotSent(answer);
    expect(refusalOf(answer)).toEqual({ status: 422, code: 'VALIDATION_ERROR' });
  });

  it('leads to the provider and back to its one callback, whatever the request says of host and proxy', async () => {
    const response = await fetch(
      `${stage.server.url}/auth/oauth/liar/start?${new URLSearchParams({ redirect_uri: REDIRECT_URI, code_challenge: makePkce().challenge }).toString()}`,
      {
        redirect: 'manual',
        headers: {
          'x-forwarded-host': 'evil.example',
          'x-forwarded-proto': 'https',
          forwarded: 'host=evil.example',
        },
      },
    );
    const location = new URL(response.headers.get('location')!);
    expect(location.origin + location.pathname).toBe(`${stage.at.liar.issuer}/authorize`);
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: stage.at.liar.client.clientId,
      redirect_uri: 'http://localhost:8000/auth/oauth/liar/callback',
      code_challenge_method: 'S256',
    });
    expect(location.searchParams.get('scope')!.split(' ').sort()).toEqual(['email', 'openid', 'profile']);
  });

  it.each(['Liar', 'liar%00', '..', '%2e%2e', '__proto__', 'constructor', 'toString', 'liar/', 'gоogle'])(
    'a provider called %j is none',
    async (name) => {
      const query = new URLSearchParams({ redirect_uri: REDIRECT_URI, code_challenge: makePkce().challenge });
      const answer = await new Browser(stage.server).open(`/auth/oauth/${name}/start?${query.toString()}`);
      expectNotSent(answer);
      expect([404, 400]).toContain(answer.status);
    },
  );
});
