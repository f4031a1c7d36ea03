import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Actor } from '../support/api-client.js';
import { launchChromium } from '../support/chromium.js';
import { freePort } from '../support/service-process.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { ATTACKS, ForeignSite, type Attack } from './foreign-pages.js';
import { run } from './run-in-page.js';

/** Chromium takes every name under localhost to this machine, and trusts it as it trusts TLS. */
const HOST = 'mc101.localhost';

let server: TestServer;
let own: string;
let foreign: ForeignSite;
let browser: Browser;
let alice: Actor;
let mallory: Actor;

beforeAll(async () => {
  const port = await freePort();
  own = `http://${HOST}:${port}`;
  server = await startTestServer({ env: { PORT: String(port), PUBLIC_URL: own } });
  foreign = await new ForeignSite().start();
  browser = await launchChromium();
  alice = await server.signUp();
  mallory = await server.signUp();
});

afterAll(async () => {
  await browser.close();
  foreign.close();
  await server.close();
});

async function open(context: BrowserContext, url: string): Promise<Page> {
  const tab = await context.newPage();
  tab.setDefaultTimeout(15_000);
  await tab.goto(url);
  return tab;
}

/** A page of ours: something small of the documentation, whose policy lets it ask the service. */
const openOwn = (context: BrowserContext) => open(context, `${own}/mc101docs/favicon-16x16.png`);

interface PageAnswer {
  status: number;
  body: any;
}

/** What a page of ours does: asks with its cookies, and with the CSRF token that it reads from one of them. */
function ask(tab: Page, path: string, body?: object): Promise<PageAnswer> {
  return run(
    tab,
    `const csrfToken = /(?:^|; )__Host-csrf=([^;]*)/.exec(document.cookie)?.[1];
     const response = await fetch(path, {
       method: 'POST',
       headers: {
         ...(body && { 'content-type': 'application/json' }),
         ...(csrfToken && { 'x-csrf-token': csrfToken }),
       },
       body: body && JSON.stringify(body),
     });
     return { status: response.status, body: await response.json() };`,
    { path, body },
  ) as Promise<PageAnswer>;
}

const logIn = (tab: Page, { email, password }: Actor) => ask(tab, '/auth/web/login', { email, password });

function info(tab: Page, token: string): Promise<PageAnswer> {
  return run(
    tab,
    `const response = await fetch('/users/info', { headers: { authorization: 'Bearer ' + token } });
     return { status: response.status, body: await response.json() };`,
    { token },
  ) as Promise<PageAnswer>;
}

async function cookiesIn(context: BrowserContext) {
  const all = await context.cookies(own);
  return all.sort((a, b) => a.name.localeCompare(b.name));
}

const storedIn = async (context: BrowserContext) =>
  (await cookiesIn(context)).map(({ name, value }) => `${name}=${value}`);

describe('a page of ours', () => {
  let context: BrowserContext;
  let page: Page;

  beforeEach(async () => {
    context = await browser.newContext();
    page = await openOwn(context);
  });
  afterEach(() => context.close());

  it('logs in, and the browser keeps the cookies for this host, for requests from here alone', async () => {
    const answer = await logIn(page, alice);
    expect(answer.status).toBe(200);
    const { access_token: token, csrf_token: csrfToken } = answer.body;
    expect(await info(page, token)).toMatchObject({ status: 200, body: { email: alice.email } });
    const common = { domain: HOST, path: '/', secure: true, sameSite: 'Strict' };
    expect(await cookiesIn(context)).toEqual([
      expect.objectContaining({ name: '__Host-csrf', httpOnly: false, ...common, value: csrfToken }),
      expect.objectContaining({ name: '__Host-device', httpOnly: true, ...common }),
      expect.objectContaining({ name: '__Host-refresh', httpOnly: true, ...common }),
    ]);
  });

  it('sees nothing of the refresh token', async () => {
    const answer = await logIn(page, alice);
    const refresh = (await cookiesIn(context)).find(({ name }) => name === '__Host-refresh')!;
    expect(await run(page, 'return document.cookie;')).toBe(`__Host-csrf=${answer.body.csrf_token}`);
    const names = await run(page, 'return (await cookieStore.getAll()).map(({ name }) => name);');
    expect(names).toEqual(['__Host-csrf']);
    expect(JSON.stringify(answer.body)).not.toContain(refresh.value.split('.')[1]);
    const headers = await run(
      page,
      `const response = await fetch('/auth/web/refresh', {
         method: 'POST', headers: { 'x-csrf-token': document.cookie.slice('__Host-csrf='.length) },
       });
       return [response.status, ...response.headers.keys()];`,
    );
    expect(headers).toEqual(expect.arrayContaining([200, 'content-type']));
    expect(headers).not.toContain('set-cookie');
  });

  it('finds its session again after it was closed, refreshes, and logs out', async () => {
    await logIn(page, alice);
    await page.close();
    const tab = await openOwn(context);
    const refreshed = await ask(tab, '/auth/web/refresh');
    expect(refreshed.status).toBe(200);
    expect(await info(tab, refreshed.body.access_token)).toMatchObject({ status: 200 });

    await run(tab, `localStorage.setItem('draft', 'a note');`);
    expect((await ask(tab, '/auth/web/logout')).status).toBe(200);
    // By which the lockout knows this browser, whoever logs in next.
    expect(await storedIn(context)).toEqual([expect.stringMatching(/^__Host-device=/)]);
    expect(await run(tab, `return localStorage.getItem('draft');`)).toBeNull();
    expect(await info(tab, refreshed.body.access_token)).toMatchObject({ status: 401 });
    expect((await ask(tab, '/auth/web/refresh')).status).toBe(401);
  });

  it('refreshes beside other tabs that do so at the same time, again and again', async () => {
    await logIn(page, alice);
    const tabs = [page, await openOwn(context), await openOwn(context)];
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(tabs.map((tab) => ask(tab, '/auth/web/refresh')));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    }
    expect((await ask(page, '/auth/web/logout')).status).toBe(200);
    expect((await ask(tabs[1]!, '/auth/web/refresh')).status).toBe(401);
  });
});

/** Where the attacker's page lies. Cookies know no ports: at the last place only the checks of the service are left. */
const PLACES: [place: string, host: string][] = [
  ['another site', 'evil.localhost'],
  ['an address of this machine', '127.0.0.1'],
  ['a host under the same domain', `evil.${HOST}`],
  ['another port of the same host', HOST],
];

describe.each(PLACES)('a page on %s', (_, host) => {
  let context: BrowserContext;
  let page: Page;

  beforeEach(async () => {
    context = await browser.newContext();
    page = await openOwn(context);
    expect((await logIn(page, alice)).status).toBe(200);
  });
  afterEach(() => context.close());

  async function state(inContext = context) {
    const { rows } = await server.sql.query(
      `SELECT (SELECT count(*) FROM sessions WHERE revoked_at IS NULL) AS alive,
              (SELECT count(*) FROM sessions) AS sessions,
              (SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL) AS unused`,
    );
    return { rows, cookies: await storedIn(inContext) };
  }

  /** What the service says that it has answered, in order: method and status. */
  const answersTo = (path: string): string[] =>
    server
      .log()
      .split('\n')
      .filter((line) => line.includes(`"${path}"`))
      .map((line) => JSON.parse(line) as { method: string; status_code: number })
      .map(({ method, status_code: status }) => `${method} ${status}`);

  async function attack({ launch }: Attack, path: string, inContext = context): Promise<string[]> {
    const tab = await open(inContext, foreign.at(host));
    const answered = answersTo(path).length;
    await launch(tab, own + path, JSON.stringify({ email: mallory.email, password: mallory.password }));
    while (answersTo(path).length === answered) await delay(20);
    await tab.close();
    return answersTo(path).slice(answered);
  }

  it.each(ATTACKS)('changes nothing in a browser that is logged in, by $how', async (way) => {
    const before = await state();
    for (const route of ['refresh', 'logout', 'login']) {
      const answers = await attack(way, `/auth/web/${route}`);
      // It did reach the service, which refused.
      expect({ route, answers }).toEqual({ route, answers: [expect.stringMatching(way.answer)] });
      expect({ route, state: await state() }).toEqual({ route, state: before });
    }
    expect((await ask(page, '/auth/web/refresh')).status).toBe(200);
  });

  it('logs nobody in, in any way', async () => {
    const fresh = await browser.newContext();
    const before = await state(fresh);
    for (const way of ATTACKS) {
      const answers = await attack(way, '/auth/web/login', fresh);
      expect({ how: way.how, answers }).toEqual({
        how: way.how,
        answers: [expect.stringMatching(way.answer)],
      });
    }
    expect(before.cookies).toEqual([]);
    expect(await state(fresh)).toEqual(before);
    await fresh.close();
  });

  it('puts no cookie in the place of ours', async () => {
    const before = await storedIn(context);
    const tab = await open(context, foreign.at(host));
    await run(
      tab,
      `for (const name of ['__Host-csrf', '__Host-refresh', '__host-refresh', '=__Host-refresh']) {
         document.cookie = name + '=evil; domain=' + domain + '; path=/; secure';
         document.cookie = name + '=evil; path=/auth; secure';
         document.cookie = name + '=evil; domain=' + domain + '; path=/auth/web';
       }`,
      { domain: HOST },
    );
    expect(await storedIn(context)).toEqual(before);
    expect((await ask(page, '/auth/web/refresh')).status).toBe(200);
  });

  it('reads neither the refresh token nor an answer', async () => {
    const tab = await open(context, foreign.at(host));
    expect(await run(tab, 'return document.cookie;')).not.toContain('__Host-refresh');
    for (const path of ['/health', '/auth/web/refresh', '/users/info']) {
      const read = await run(
        tab,
        `return fetch(url, { credentials: 'include' }).then((response) => response.text(), () => 'nothing');`,
        { url: own + path },
      );
      expect(read).toBe('nothing');
    }
  });
});
