import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Actor } from '../support/api-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { WebClient, type WebAnswer } from '../support/web-client.js';

const FOREIGN = 'https://evil.example';
/** CORS lets it call the API with a bearer token; cookies are none of its business. */
const CORS_ORIGIN = 'https://app.example';

let server: TestServer;
let alice: Actor;
let page: WebClient;
let own: string;

beforeAll(async () => {
  server = await startTestServer({ env: { CORS_ORIGINS: CORS_ORIGIN } });
  own = server.config.publicUrl;
  alice = await server.signUp();
  page = new WebClient(server.url, own);
  await page.logIn(alice);
});
afterAll(() => server.close());

type Headers = Record<string, string | undefined>;

/** Every route of browsers, as a page would call it that has a session. */
const ROUTES: [name: string, call: (from: WebClient, headers: Headers) => Promise<WebAnswer>][] = [
  ['login', (from, headers) => from.logIn(alice, headers)],
  ['refresh', (from, headers) => from.refresh(headers)],
  ['logout', (from, headers) => from.logOut(headers)],
];

/** What must not change when a request is refused. */
async function state() {
  const { rows } = await server.sql.query(
    `SELECT (SELECT count(*) FROM sessions WHERE revoked_at IS NULL) AS alive,
            (SELECT count(*) FROM sessions) AS sessions,
            (SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL) AS unused`,
  );
  return rows;
}

async function expectRefused(
  send: () => Promise<WebAnswer>,
  expected: { status: number; code: string },
): Promise<WebAnswer> {
  const before = await state();
  const answer = await send();
  expect({ status: answer.status, code: answer.body.error.code }).toEqual(expected);
  expect(await state()).toEqual(before);
  return answer;
}

const CSRF_FAILED = { status: 403, code: 'CSRF_FAILED' };
const UNAUTHENTICATED = { status: 401, code: 'UNAUTHENTICATED' };

describe.each(ROUTES)('%s from another page', (_route, call) => {
  it.each([
    ['of another site', { origin: FOREIGN, 'sec-fetch-site': 'cross-site' }],
    ['of another site, in a browser that says no more', { origin: FOREIGN, 'sec-fetch-site': undefined }],
    ['that hides its origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['in a sandbox', { origin: 'null', 'sec-fetch-site': undefined }],
    ['with an origin of ours and another site', { 'sec-fetch-site': 'cross-site' }],
    ['under the same domain', { origin: 'http://other.localhost:8000', 'sec-fetch-site': 'same-site' }],
    ['on another port', { origin: 'http://localhost:8001', 'sec-fetch-site': 'same-site' }],
    [
      'on another port, in a browser that says no more',
      { origin: 'http://localhost:8001', 'sec-fetch-site': undefined },
    ],
    ['over another protocol', { origin: 'https://localhost:8000', 'sec-fetch-site': 'same-site' }],
    ['that CORS allows to call', { origin: CORS_ORIGIN, 'sec-fetch-site': 'cross-site' }],
    ['with no origin, of the same domain', { origin: undefined, 'sec-fetch-site': 'same-site' }],
    ['with no origin, of another site', { origin: undefined, 'sec-fetch-site': 'cross-site' }],
    ['as an address that somebody typed', { origin: undefined, 'sec-fetch-site': 'none' }],
    ['as no page at all', { origin: undefined, 'sec-fetch-site': undefined }],
    ['with an empty origin', { origin: '', 'sec-fetch-site': undefined }],
    ['with an empty site', { origin: undefined, 'sec-fetch-site': '' }],
    ['with two sites', { 'sec-fetch-site': 'same-origin, same-origin' }],
    ['with two origins', { origin: 'http://localhost:8000, http://localhost:8000' }],
    ['with a longer origin', { origin: 'http://localhost:8000.evil.example' }],
    ['with a user in its origin', { origin: 'http://localhost:8000@evil.example' }],
    ['with a path after its origin', { origin: 'http://localhost:8000/' }],
    ['with another spelling of the origin', { origin: 'HTTP://LOCALHOST:8000' }],
    [
      'with only a referrer of ours',
      { origin: undefined, 'sec-fetch-site': undefined, referer: 'http://localhost:8000/app/' },
    ],
    [
      'that names its host',
      { origin: FOREIGN, 'sec-fetch-site': undefined, 'x-forwarded-host': 'evil.example' },
    ],
  ])('%s is refused', async (_, headers: Headers) => {
    const answer = await expectRefused(() => call(page, headers), CSRF_FAILED);
    expect(answer.setCookies).toEqual([]);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.body.error.message).toContain(own);
  });

  it('of another site may not even ask beforehand', async () => {
    for (const origin of [FOREIGN, CORS_ORIGIN]) {
      const answer = await server.api.request('OPTIONS', `/auth/web/${_route}`, undefined, {
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,x-csrf-token',
        },
      });
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('access-control-allow-headers') ?? '').not.toMatch(/csrf/i);
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin === FOREIGN ? null : CORS_ORIGIN);
    }
  });
});

describe('a page of ours', () => {
  it.each([
    ['both headers', {}],
    ['an older browser, which names its origin only', { 'sec-fetch-site': undefined }],
    ['a browser that leaves the origin out', { origin: undefined }],
  ])('is let in with %s', async (_, headers: Headers) => {
    const tab = new WebClient(server.url, own);
    for (const [, call] of ROUTES) expect((await call(tab, headers)).status).toBe(200);
  });
});

describe.each(ROUTES.slice(1))('%s', (_route, call) => {
  const shortened = (text: string) => text.slice(0, -1);

  it.each<[string, (token: string) => string | undefined]>([
    ['is missing', () => undefined],
    ['is empty', () => ''],
    ['is another one', () => randomBytes(48).toString('base64url')],
    ['is cut short', shortened],
    ['is longer', (token) => `${token}A`],
    ['stands twice', (token) => `${token}, ${token}`],
    ['is huge', () => 'A'.repeat(10_000)],
    ['is no text', () => '\xff\xfe'],
  ])('is refused when the CSRF token %s in the header', async (_, spoil) => {
    const headers = { 'x-csrf-token': spoil(page.csrfToken!) };
    const answer = await expectRefused(() => call(page, headers), CSRF_FAILED);
    expect(answer.setCookies).toEqual([]);
  });

  it.each<[string, (token: string) => string | undefined]>([
    ['is missing', () => undefined],
    ['is empty', () => '__Host-csrf='],
    ['is another one', () => `__Host-csrf=${randomBytes(48).toString('base64url')}`],
    ['stands twice', (token) => `__Host-csrf=${token}; __Host-csrf=${token}`],
    ['has another name', (token) => `csrf=${token}; __Secure-csrf=${token}`],
  ])('is refused when the CSRF token %s in the cookie', async (_, spoil) => {
    const refresh = `__Host-refresh=${page.cookies.get('__Host-refresh')}`;
    const cookie = [refresh, spoil(page.csrfToken!)].filter(Boolean).join('; ');
    await expectRefused(() => call(page, { cookie }), CSRF_FAILED);
  });

  it('is refused with the CSRF token of another session, in header and cookie', async () => {
    const others = [new WebClient(server.url, own), new WebClient(server.url, own)];
    await others[0]!.logIn(alice);
    await others[1]!.logIn(await server.signUp());
    for (const other of others) {
      const mixed = page.clone();
      mixed.cookies.set('__Host-csrf', other.csrfToken!);
      await expectRefused(() => call(mixed, {}), CSRF_FAILED);
    }
  });

  it('is refused with a CSRF token that an attacker has made up for this session', async () => {
    const mixed = page.clone();
    mixed.cookies.set('__Host-csrf', randomBytes(48).toString('base64url'));
    await expectRefused(() => call(mixed, {}), CSRF_FAILED);
  });

  it.each<[string, (value: string) => string | undefined]>([
    ['is missing', () => undefined],
    ['is empty', () => ''],
    ['has no session', (value) => value.split('.')[1]!],
    ['has no token', (value) => value.split('.')[0]!],
    ['is cut short', shortened],
    ['is longer', (value) => `${value}A`],
    ['is quoted', (value) => `"${value}"`],
    ['is encoded', (value) => value.replace('-', '%2d')],
    ['is in capitals', (value) => value.toUpperCase()],
    ['is huge', () => 'A'.repeat(8_000)],
    ['is many', () => 'A; a='.repeat(1_500)],
    ['is no text', () => '\xff\xfe'],
    ['is an object', () => '{"$ne":1}'],
    ['stands twice', (value) => `${value}; __Host-refresh=${value}`],
    ['stands beside another one', (value) => `${randomUUID()}.${'A'.repeat(43)}; __Host-refresh=${value}`],
  ])('is a 401 when the cookie of the session %s, and the browser forgets it', async (_, spoil) => {
    const value = spoil(page.cookies.get('__Host-refresh')!);
    const csrf = `__Host-csrf=${page.csrfToken}`;
    const cookie = value === undefined ? csrf : `${csrf}; __Host-refresh=${value}`;
    const answer = await expectRefused(() => call(page.clone(), { cookie }), UNAUTHENTICATED);
    expect(answer.setCookies).toEqual([
      '__Host-refresh=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict',
      '__Host-csrf=; Max-Age=0; Path=/; Secure; SameSite=Strict',
    ]);
  });
});

it('every refusal is an event, with the page that asked and nothing that is secret', async () => {
  const eventsSince = async (id: number) => {
    const { rows } = await server.sql.query<{ id: number; event_type: string; details: object }>(
      'SELECT id, event_type, subject_id, session_id, details FROM audit_events WHERE id > $1 ORDER BY id',
      [id],
    );
    return rows;
  };
  const { id: last } = (await eventsSince(0)).at(-1)!;
  await page.logIn(alice, { origin: FOREIGN, 'sec-fetch-site': 'cross-site' });
  await page.refresh({ origin: undefined, 'sec-fetch-site': undefined });
  await page.logOut({ origin: `https://${'x'.repeat(5_000)}` });
  await page.refresh({ 'x-csrf-token': undefined });
  const event = { event_type: 'authz_fail', subject_id: null, session_id: null };
  const events = await eventsSince(last);
  expect(events).toMatchObject([
    { ...event, details: { reason: 'foreign-page', page: FOREIGN } },
    { ...event, details: { reason: 'foreign-page', page: null } },
    { ...event, details: { reason: 'foreign-page', page: `https://${'x'.repeat(192)}` } },
    { ...event, details: { reason: 'csrf-token' } },
  ]);
  expect(JSON.stringify(events)).not.toContain(page.csrfToken);
});

describe('a refresh token', () => {
  it('is refused under the name of another session, whose CSRF token is the attacker’s own', async () => {
    const mallory = new WebClient(server.url, own);
    await mallory.logIn(await server.signUp());
    const victim = new WebClient(server.url, own);
    const { body } = await victim.logIn(alice);
    const [ownSession] = mallory.cookies.get('__Host-refresh')!.split('.');
    const [, stolen] = victim.cookies.get('__Host-refresh')!.split('.');
    mallory.cookies.set('__Host-refresh', `${ownSession}.${stolen}`);
    const answer = await mallory.refresh();
    expect({ status: answer.status, body: Object.keys(answer.body) }).toEqual({
      status: 401,
      body: ['error'],
    });
    expect((await server.as({ token: body.access_token }).get('/users/info')).status).toBe(200);
  });

  it('that nobody ever got is a 401 at refresh, and as good as gone at logout', async () => {
    const stranger = new WebClient(server.url, own);
    await stranger.logIn(alice);
    const [session] = stranger.cookies.get('__Host-refresh')!.split('.');
    const unknown = `${session}.${randomBytes(32).toString('base64url')}`;
    stranger.cookies.set('__Host-refresh', unknown);
    expect((await stranger.clone().refresh()).status).toBe(401);
    expect((await stranger.clone().logOut()).status).toBe(200);
  });
});
