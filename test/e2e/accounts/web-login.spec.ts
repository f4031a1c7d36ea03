import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { WebClient, type WebAnswer } from '../../support/web-client.js';

let server: TestServer;
let alice: Actor;

beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
});
afterAll(() => server.close());

const browser = () => new WebClient(server.url, server.config.publicUrl);

async function loggedIn(person: Actor = alice): Promise<{ page: WebClient; answer: WebAnswer }> {
  const page = browser();
  const answer = await page.logIn(person);
  expect(answer.status).toBe(200);
  return { page, answer };
}

const info = async ({ body }: WebAnswer) =>
  (await server.as({ token: body.access_token }).get('/users/info')).status;

const sessionOf = async ({ body }: WebAnswer): Promise<string> =>
  (await server.as({ token: body.access_token }).get('/users/info')).body.session.id;

const attributesOf = ({ setCookies }: WebAnswer) =>
  setCookies.map((line) => line.replace(/=[^;]*/, '').replace(/Max-Age=[1-9]\d*/, 'Max-Age=n'));

const KEPT = [
  '__Host-refresh; Max-Age=n; Path=/; Secure; HttpOnly; SameSite=Strict',
  '__Host-csrf; Max-Age=n; Path=/; Secure; SameSite=Strict',
];
const DEVICE = '__Host-device; Max-Age=n; Path=/; Secure; HttpOnly; SameSite=Strict';
const GONE = [
  '__Host-refresh=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict',
  '__Host-csrf=; Max-Age=0; Path=/; Secure; SameSite=Strict',
];

describe('logging in as a browser', () => {
  it('answers an access token that works, a CSRF token, and nothing of the refresh token', async () => {
    const { page, answer } = await loggedIn();
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      expires_in: 900,
      csrf_token: page.csrfToken,
    });
    expect(await info(answer)).toBe(200);
    const refreshToken = page.cookies.get('__Host-refresh')!.split('.')[1]!;
    expect(JSON.stringify(answer.body)).not.toContain(refreshToken);
    expect(server.log()).not.toContain(refreshToken);
    expect(server.log()).not.toContain(page.csrfToken);
  });

  it('sets the refresh token as a cookie for this host alone, which no script reads, and a readable CSRF token', async () => {
    const { answer } = await loggedIn();
    expect(attributesOf(answer)).toEqual([DEVICE, ...KEPT]);
    for (const line of answer.setCookies) expect(line.length).toBeLessThan(4096);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('takes a username, and refuses a wrong password as everywhere, without a cookie', async () => {
    const named = await server.signUp({ username: 'web-login' });
    const { password } = named;
    const byName = await browser().post('/auth/web/login', { username: 'Web-Login', password });
    expect(byName.status).toBe(200);
    const wrong = await browser().logIn({ ...named, password: 'not the password' });
    expect({ status: wrong.status, code: wrong.body.error.code, cookies: wrong.setCookies }).toEqual({
      status: 401,
      code: 'INVALID_CREDENTIALS',
      cookies: [],
    });
  });

  it('takes JSON alone', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=x',
    ]) {
      const answer = await browser().post('/auth/web/login', 'email=a', { 'content-type': type });
      expect({ type, code: answer.body.error.code }).toEqual({ type, code: 'UNSUPPORTED_MEDIA_TYPE' });
    }
    const { email, password } = alice;
    const extended = await browser().post('/auth/web/login', { email, password, grant_type: 'password' });
    expect(extended.body.error.code).toBe('VALIDATION_ERROR');
  });

  it('ends the session that this browser had, and no other', async () => {
    const elsewhere = await loggedIn();
    const { page, answer: former } = await loggedIn();
    expect((await page.logIn({ ...alice, password: 'not the password' })).status).toBe(401);
    expect(await info(former)).toBe(200);
    const bob = await server.signUp();
    const answer = await page.logIn(bob);
    expect(await info(former)).toBe(401);
    expect(await info(answer)).toBe(200);
    expect(await info(elsewhere.answer)).toBe(200);
    expect((await page.refresh()).status).toBe(200);
  });
});

describe('a page that refreshes', () => {
  it('gets another access token of the same session, and another refresh token', async () => {
    const { page, answer } = await loggedIn();
    const before = page.cookies.get('__Host-refresh');
    const refreshed = await page.refresh();
    expect(refreshed.status).toBe(200);
    expect(refreshed.body).toEqual({
      access_token: expect.any(String),
      expires_in: 900,
      csrf_token: answer.body.csrf_token,
    });
    expect(refreshed.body.access_token).not.toBe(answer.body.access_token);
    expect(page.cookies.get('__Host-refresh')).not.toBe(before);
    expect(attributesOf(refreshed)).toEqual(KEPT);
    expect(await sessionOf(refreshed)).toBe(await sessionOf(answer));
    expect((await page.refresh()).status).toBe(200);
  });

  it('is answered as the other tab that does so at the same time', async () => {
    const { page } = await loggedIn();
    const tabs = Array.from({ length: 8 }, () => page.clone());
    const answers = await Promise.all(tabs.map((tab) => tab.refresh()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(tabs.map(({ cookies }) => cookies.get('__Host-refresh'))).size).toBe(1);
    for (const answer of answers) expect(await info(answer)).toBe(200);
    for (const tab of tabs) page.cookies.set('__Host-refresh', tab.cookies.get('__Host-refresh')!);
    expect((await page.refresh()).status).toBe(200);
  });

  it('with a token that was used long ago ends the session, and loses its cookies', async () => {
    const { page, answer } = await loggedIn();
    const copy = page.clone();
    await page.refresh();
    const latest = await page.refresh();
    const reused = await copy.refresh();
    expect({ status: reused.status, code: reused.body.error.code, cookies: reused.setCookies }).toEqual({
      status: 401,
      code: 'UNAUTHENTICATED',
      cookies: GONE,
    });
    expect(await info(answer)).toBe(401);
    expect(await info(latest)).toBe(401);
    expect((await page.refresh()).setCookies).toEqual(GONE);
  });

  it('whose session was ended elsewhere is a 401, and loses its cookies', async () => {
    const { page, answer } = await loggedIn();
    await server.as({ token: answer.body.access_token }).post('/users/logout');
    const refused = await page.refresh();
    expect(refused.status).toBe(401);
    expect(refused.setCookies).toEqual(GONE);
    expect([...page.cookies.keys()]).toEqual(['__Host-device']);
  });
});

describe('a page that logs out', () => {
  it('ends the session at once, and the browser forgets it', async () => {
    const { page, answer } = await loggedIn();
    const other = await loggedIn();
    const gone = await page.logOut();
    expect(gone.status).toBe(200);
    expect(gone.body).toEqual({ message: expect.any(String) });
    expect(gone.setCookies).toEqual(GONE);
    expect(gone.headers.get('clear-site-data')).toBe('"storage"');
    expect(await info(answer)).toBe(401);
    expect(await info(other.answer)).toBe(200);
  });

  it('may do so again with the cookies of before', async () => {
    const { page } = await loggedIn();
    const other = page.clone();
    await page.logOut();
    expect((await other.logOut()).status).toBe(200);
    expect((await other.logOut()).status).toBe(401);
  });
});

describe('a browser that somebody has logged in with', () => {
  it('keeps its device token through logout, and sends the same one again', async () => {
    const { page, answer } = await loggedIn();
    const device = page.cookies.get('__Host-device')!;
    expect(JSON.stringify(answer.body)).not.toContain(device);
    await page.logOut();
    expect([...page.cookies.keys()]).toEqual(['__Host-device']);
    await page.logIn(alice);
    expect(page.cookies.get('__Host-device')).toBe(device);
    expect(server.log()).not.toContain(device);
  });

  it('is not locked out by who fails elsewhere; only its cookie says which browser it is', async () => {
    const strict = await startTestServer({
      database: server.database,
      env: { LOGIN_FAIL_EMAIL_THRESHOLD: '8' },
    });
    const victim = await server.signUp();
    const wrong = { ...victim, password: 'not the password' };
    const open = () => new WebClient(strict.url, strict.config.publicUrl);
    const pages = { known: open(), unknown: open(), guessed: open() };
    await pages.known.logIn(victim);
    const device = pages.known.cookies.get('__Host-device')!;
    pages.guessed.cookies.set('__Host-device', 'A'.repeat(43));
    for (let attempt = 0; attempt < 8; attempt++) expect((await pages.unknown.logIn(wrong)).status).toBe(401);

    const header = { 'x-device-token': device };
    const locked = { status: 429, code: 'LOCKED_OUT' };
    for (const [page, headers] of [
      [pages.unknown, {}],
      [pages.unknown, header],
      [pages.guessed, {}],
      [pages.guessed, header],
    ] as const) {
      const { status, body, setCookies } = await page.logIn(victim, headers);
      expect({ status, code: body.error.code, setCookies }).toEqual({ ...locked, setCookies: [] });
    }
    const { email, password } = victim;
    const byProgram = await strict.api.post(
      '/users/login',
      { email, password },
      {
        headers: { cookie: `__Host-device=${device}` },
      },
    );
    expect({ status: byProgram.status, code: byProgram.body.error.code }).toEqual(locked);
    expect((await pages.known.logIn(victim)).status).toBe(200);
    await strict.close();
  });
});

it('rotating TOKEN_PEPPER logs no browser out, and replaces its CSRF token', async () => {
  const key = (id: string) => `${id}:${Buffer.alloc(32, id).toString('base64')}`;
  const start = (TOKEN_PEPPER: string) =>
    startTestServer({ database: server.database, env: { TOKEN_PEPPER } });
  const peppers = [key('a'), `${key('a')},${key('b')}`, `${key('b')},${key('a')}`, key('b')];
  const processes = await Promise.all(peppers.map(start));
  const pages = processes.map(({ url, config }) => new WebClient(url, config.publicUrl));
  const tokens: string[] = [];
  await pages[0]!.logIn(alice);
  for (const [index, page] of pages.entries()) {
    for (const [name, value] of pages[Math.max(index - 1, 0)]!.cookies) page.cookies.set(name, value);
    expect((await page.refresh()).status).toBe(200);
    tokens.push(page.csrfToken!);
  }
  expect(tokens[1]).toBe(tokens[0]);
  expect(tokens[2]).not.toBe(tokens[1]);
  expect(tokens[3]).toBe(tokens[2]);
  await Promise.all(processes.map((process) => process.close()));
});

it('the routes of browsers answer under /v1 too', async () => {
  const page = browser();
  const { email, password } = alice;
  expect((await page.post('/v1/auth/web/login', { email, password })).status).toBe(200);
  expect((await page.post('/v1/auth/web/refresh')).status).toBe(200);
  expect((await page.post('/v1/auth/web/logout/')).status).toBe(200);
});
