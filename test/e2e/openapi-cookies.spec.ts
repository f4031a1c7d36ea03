import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../support/api-client.js';
import { Clock } from '../../src/common/clock.js';
import { enrol } from '../support/authenticator.js';
import { Browser } from '../support/identity-providers/browser.js';
import { SocialStage } from '../support/identity-providers/social-stage.js';
import { PasskeyClient } from '../support/passkey-client.js';
import { SoftwareAuthenticator, type Deviations } from '../support/software-authenticator.js';
import type { TestServer } from '../support/test-server.js';
import { WebClient, type WebAnswer } from '../support/web-client.js';

interface Operation {
  security: Record<string, unknown>[];
  parameters?: { in: string; name: string; required?: boolean }[];
  responses: Record<string, { headers?: Record<string, { schema: { example: unknown } }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: Record<string, { in?: string; name?: string }> };
}

let stage: SocialStage<'google'>;
let server: TestServer;
let alice: Actor;
let document: Document;
let passkeys: PasskeyClient;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['google'] });
  server = stage.server;
  alice = await server.signUp();
  passkeys = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
  await passkeys.register(alice);
  document = (await server.api.get('/mc101docs-json')).body as Document;
});
afterAll(() => stage.close());

const browser = () => new WebClient(server.url, server.config.publicUrl);

async function loggedIn(): Promise<WebClient> {
  const page = browser();
  await page.logIn(alice);
  return page;
}

/** What completes a login that waits in this browser. */
async function secondStep(page: WebClient): Promise<{ mfa_token: string; backup_code: string }> {
  const person = await enrol(server.api, server.app.get(Clock), await server.signUp());
  const { body } = await page.logIn(person);
  return { mfa_token: body.mfa_token as string, backup_code: person.backupCodes[0]! };
}

async function logInWithPasskey(deviations: Deviations = {}): Promise<WebAnswer> {
  const page = browser();
  const { authenticator } = passkeys;
  const { body: options } = await page.post('/auth/web/passkeys/login/options', {});
  return page.post('/auth/web/passkeys/login/verify', {
    credential: authenticator.get(options, deviations),
  });
}

/** A line of Set-Cookie without its value; of its age only whether the browser keeps it. */
const shapeOf = (line: string) => line.replace(/=[^;]*/, '').replace(/Max-Age=[1-9]\d*/, 'Max-Age=n');

const operationAt = (route: string) => Object.values(document.paths[route]!)[0]!;

const documentedLines = (route: string, status: number) =>
  operationAt(route).responses[status]!.headers?.['Set-Cookie']?.schema.example as string[] | undefined;

/** The names of the cookies that the document says a route reads. */
function readBy(route: string): string[] {
  const { parameters = [], security } = operationAt(route);
  const schemes = security.flatMap((requirement) => Object.keys(requirement));
  return [
    ...parameters.filter((parameter) => parameter.in === 'cookie'),
    ...schemes.map((name) => document.components.securitySchemes[name]!).filter((s) => s.in === 'cookie'),
  ]
    .map(({ name = '' }) => name)
    .sort();
}

/** A page of ours with the code that its browser came back with. */
async function exchange(code?: string): Promise<WebAnswer> {
  stage.become('google');
  const login = await stage.logIn('google');
  const body = { code: code ?? login.code, code_verifier: login.pkce.verifier };
  return browser().post('/auth/web/exchange', body);
}

type Asked = Pick<WebAnswer, 'status' | 'setCookies'>;

const ANSWERS: [route: string, status: number, what: string, ask: () => Promise<Asked>][] = [
  ['/auth/web/login', 200, 'a login', () => browser().logIn(alice)],
  ['/auth/web/login', 200, 'a login where somebody was', async () => (await loggedIn()).logIn(alice)],
  [
    '/auth/web/login',
    401,
    'a login with a wrong password',
    () => browser().logIn({ ...alice, password: 'not the password' }),
  ],
  [
    '/auth/web/login',
    403,
    'a login from another page',
    () => browser().logIn(alice, { origin: 'https://evil.example' }),
  ],
  [
    '/auth/web/mfa',
    200,
    'the second step of a login',
    async () => {
      const page = await loggedIn();
      return page.post('/auth/web/mfa', await secondStep(page));
    },
  ],
  [
    '/auth/web/mfa',
    400,
    'a second step with a wrong code',
    async () => {
      const page = browser();
      return page.post('/auth/web/mfa', { ...(await secondStep(page)), backup_code: 'none of mine' });
    },
  ],
  ['/auth/web/passkeys/login/verify', 200, 'a login with a passkey', () => logInWithPasskey()],
  [
    '/auth/web/passkeys/login/verify',
    401,
    'a login with a passkey that did not verify its user',
    () => logInWithPasskey({ userVerified: false }),
  ],
  [
    '/auth/oauth/{provider}/start',
    302,
    'the start of a social login',
    () => new Browser(server).start('google'),
  ],
  ['/auth/web/exchange', 200, 'the end of a social login', () => exchange()],
  ['/auth/web/exchange', 400, 'the end of a social login with a code that is none', () => exchange('none')],
  ['/auth/web/refresh', 200, 'a refresh', async () => (await loggedIn()).refresh()],
  [
    '/auth/web/refresh',
    401,
    'a refresh with a token that is none',
    async () => {
      const page = await loggedIn();
      await page.clone().logOut();
      return page.refresh();
    },
  ],
  ['/auth/web/refresh', 401, 'a refresh of nobody', () => browser().refresh()],
  [
    '/auth/web/refresh',
    403,
    'a refresh without the CSRF token',
    async () => (await loggedIn()).refresh({ 'x-csrf-token': undefined }),
  ],
  ['/auth/web/logout', 200, 'a logout', async () => (await loggedIn()).logOut()],
  ['/auth/web/logout', 401, 'a logout of nobody', () => browser().logOut()],
  [
    '/auth/web/logout',
    403,
    'a logout without the CSRF token',
    async () => (await loggedIn()).logOut({ 'x-csrf-token': undefined }),
  ],
];

describe('the cookies of the OpenAPI document', () => {
  it.each(ANSWERS)('%s %d: those that the service sets at %s', async (route, status, _, ask) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(documentedLines(route, status)?.map(shapeOf) ?? []).toEqual(answer.setCookies.map(shapeOf));
  });

  it('are told of every answer that sets any, and of no other', () => {
    const told = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.values(item).flatMap(({ responses }) =>
        Object.entries(responses)
          .filter(([, { headers = {} }]) => 'Set-Cookie' in headers)
          .map(([status]) => `${path} ${status}`),
      ),
    );
    const tried = ANSWERS.filter(([route, status]) => documentedLines(route, status) !== undefined);
    expect(new Set(told)).toEqual(new Set(tried.map(([route, status]) => `${route} ${status}`)));
  });

  it('have values of the form that the service gives them', async () => {
    const page = await loggedIn();
    const valueOf = (line: string) => /^([^=]+)=([^;]*)/.exec(line)!.slice(1, 3) as [string, string];
    const examples = documentedLines('/auth/web/login', 200)!.map(valueOf);
    expect(examples.map(([name]) => name)).toEqual([...page.cookies.keys()]);
    const formOf = (value: string) => value.replaceAll(/[\w-]/g, 'x');
    for (const [name, value] of examples)
      expect({ name, form: formOf(value) }).toEqual({ name, form: formOf(page.cookies.get(name)!) });
  });

  it('are read where the document says so', async () => {
    const sent = ['__Host-csrf', '__Host-device', '__Host-refresh'];
    expect(readBy('/auth/web/login')).toEqual(['__Host-device', '__Host-refresh']);
    expect(readBy('/auth/web/refresh')).toEqual(['__Host-csrf', '__Host-refresh']);
    expect(readBy('/auth/web/logout')).toEqual(['__Host-csrf', '__Host-refresh']);
    for (const route of ['/auth/web/refresh', '/auth/web/logout']) {
      for (const name of sent) {
        const page = await loggedIn();
        const token = page.csrfToken;
        page.cookies.delete(name);
        const { status } = await page.post(route, undefined, { 'x-csrf-token': token });
        const isRead = readBy(route).includes(name);
        expect({ route, without: name, isLetIn: status === 200 }).toEqual({
          route,
          without: name,
          isLetIn: !isRead,
        });
      }
    }
  });

  it('are told by no route but those for browsers', () => {
    const others = Object.keys(document.paths).filter((path) => !path.startsWith('/auth/web/'));
    for (const path of others)
      for (const { parameters = [], security } of Object.values(document.paths[path]!)) {
        expect({ path, cookies: parameters.filter((p) => p.in === 'cookie') }).toEqual({ path, cookies: [] });
        expect(security.filter((requirement) => 'cookie' in requirement)).toEqual([]);
      }
  });
});

it('the document tells what a logout deletes', async () => {
  const { headers } = await (await loggedIn()).logOut();
  const told = document.paths['/auth/web/logout']!['post']!.responses['200']!.headers!;
  expect(told['Clear-Site-Data']!.schema.example).toBe(headers.get('clear-site-data'));
});
