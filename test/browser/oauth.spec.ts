import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import { startTlsFront, type TlsFront } from '../support/identity-providers/tls-front.js';
import { SocialStage } from '../support/identity-providers/social-stage.js';
import { freePort } from '../support/service-process.js';
import { ForeignSite } from './foreign-pages.js';
import { run } from './run-in-page.js';

const NAMES = ['google', 'facebook', 'microsoft', 'keycloak'] as const;
type Name = (typeof NAMES)[number];

let stage: SocialStage<Name>;
let front: TlsFront;
let browser: Browser;
let client: ForeignSite;
/** The service. */
let own: string;
/** A page of a client elsewhere, which gets tokens, and one of the service itself, which gets cookies. */
let clientPage: string;
let ownPage: string;

beforeAll(async () => {
  client = await new ForeignSite().start();
  clientPage = `${client.at('127.0.0.1')}signed-in`;
  const port = await freePort();
  own = `http://localhost:${port}`;
  ownPage = `${own}/mc101docs/favicon-16x16.png`;
  stage = await SocialStage.start({
    providers: [...NAMES],
    env: {
      PORT: String(port),
      PUBLIC_URL: own,
      OAUTH_ALLOWED_REDIRECT_URIS: `${clientPage},${ownPage}`,
      CORS_ORIGINS: new URL(clientPage).origin,
    },
  });
  const { google, facebook, microsoft } = stage.at;
  front = await startTlsFront({ ...google.hosts, ...facebook.hosts, ...microsoft.hosts });
  browser = await launchChromium(front.chromiumArgs);
});

afterAll(async () => {
  await browser.close();
  await front.stop();
  await stage.close();
  client.close();
});

let context: BrowserContext;
let page: Page;

beforeEach(async () => {
  for (const name of NAMES) stage.at[name].answer = 'page';
  context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
});
afterEach(() => context.close());

/** What a client's page does when somebody presses its button, with nothing but what browsers have. */
async function begin(name: Name, from = clientPage): Promise<void> {
  await page.goto(from);
  await run(
    page,
    `const encode = (bytes) => btoa(String.fromCharCode(...bytes))
       .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
     const verifier = encode(crypto.getRandomValues(new Uint8Array(32)));
     sessionStorage.setItem('verifier', verifier);
     const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
     const query = new URLSearchParams({ redirect_uri: from, code_challenge: encode(new Uint8Array(digest)) });
     setTimeout(() => { location.href = own + '/auth/oauth/' + name + '/start?' + query; });`,
    { name, from, own },
  );
  await page.waitForSelector('#continue');
}

/** Presses a button of the provider. @returns what the client's page was sent back with */
async function press(button: 'continue' | 'deny', to = clientPage): Promise<URLSearchParams> {
  await page.click(`#${button}`);
  await page.waitForURL((url) => url.href.startsWith(`${to}?`));
  return new URL(page.url()).searchParams;
}

/** What the client's page does when the browser is back. */
const exchange = (path: string) =>
  run(
    page,
    `const code = new URL(location.href).searchParams.get('code');
     const response = await fetch(own + path, {
       method: 'POST',
       headers: { 'content-type': 'application/json' },
       body: JSON.stringify({ code, code_verifier: sessionStorage.getItem('verifier') }),
     });
     return { status: response.status, body: await response.json() };`,
    { own, path },
  ) as Promise<{ status: number; body: any }>;

const emailOf = async (token: string) =>
  (await stage.server.as({ token }).get('/users/info')).body.email as string;

describe('in Chromium', () => {
  it.each(NAMES)('somebody logs in with %s, and the client has tokens', async (name) => {
    const somebody = stage.become(name);
    await begin(name);
    const host = { google: 'accounts.google.com', facebook: 'www.facebook.com' }[name as string];
    if (host !== undefined) expect(new URL(page.url()).host).toBe(host);
    const returned = await press('continue');
    expect([...returned.keys()]).toEqual(['code']);
    const { status, body } = await exchange('/auth/oauth/exchange');
    expect(status).toBe(200);
    expect(await emailOf(body.access_token as string)).toBe(somebody.email);
  });

  it('a page of the service has cookies instead, which go on to work', async () => {
    const somebody = stage.become('google');
    await begin('google', ownPage);
    await press('continue', ownPage);
    const { status, body } = await exchange('/auth/web/exchange');
    expect(status).toBe(200);
    expect(await emailOf(body.access_token as string)).toBe(somebody.email);
    const refreshed = await run(
      page,
      `const token = /__Host-csrf=([^;]*)/.exec(document.cookie)[1];
       return (await fetch('/auth/web/refresh', { method: 'POST', headers: { 'x-csrf-token': token } })).status;`,
    );
    expect(refreshed).toBe(200);
  });

  it('who presses Cancel is back without a code, and nothing came of it', async () => {
    stage.become('google');
    const returned = await stage.leavingNoTrace(async () => {
      await begin('google');
      return press('deny');
    });
    expect([returned.get('error'), returned.has('code')]).toEqual(['access_denied', false]);
  });

  it('the cookie of the way is for the service alone, and no script sees it', async () => {
    stage.become('google');
    await begin('google', ownPage);
    const cookies = await context.cookies();
    expect(cookies.filter(({ name }) => name === '__Host-oauth')).toMatchObject([
      { domain: 'localhost', path: '/', httpOnly: true, secure: true, sameSite: 'Lax' },
    ]);
    await page.goto(ownPage);
    expect(await run(page, 'return document.cookie;')).not.toContain('oauth');
  });

  it('a way back that somebody else began opens nothing, and sends the browser nowhere', async () => {
    stage.become('google');
    await begin('google');
    // The attacker's browser comes back as one that never began, which uses nothing up, and passes the address on.
    await context.clearCookies({ name: '__Host-oauth' });
    await page.click('#continue');
    await page.waitForURL(`${own}/auth/oauth/google/callback?**`);
    const stolen = page.url();
    const victim = await browser.newContext();
    const tab = await victim.newPage();
    const answer = await stage.leavingNoTrace(async () => {
      await tab.goto(client.at('127.0.0.1'));
      const response = tab.waitForResponse((candidate) => candidate.url() === stolen);
      await run(tab, 'location.href = url;', { url: stolen });
      return response;
    });
    expect(answer.status()).toBe(400);
    await tab.waitForURL(stolen);
    await victim.close();
  });

  it('a foreign page that begins in a frame, or by fetch, gets no code', async () => {
    stage.become('facebook');
    stage.at.facebook.answer = 'continue';
    const challenge = 'A'.repeat(43);
    const url = `${own}/auth/oauth/facebook/start?${new URLSearchParams({ redirect_uri: clientPage, code_challenge: challenge }).toString()}`;
    await stage.leavingNoTrace(async () => {
      await page.goto(client.at('127.0.0.1'));
      const ended = page.waitForResponse((response) =>
        response.url().includes('/auth/oauth/facebook/callback'),
      );
      await run(
        page,
        `const frame = document.createElement('iframe');
         frame.src = url;
         document.body.append(frame);`,
        { url },
      );
      expect((await ended).status()).toBe(400);
      expect(
        page
          .frames()
          .map((frame) => frame.url())
          .join(),
      ).not.toContain('code=');
      const seen = await run(
        page,
        `return await fetch(url, { credentials: 'include' }).then((response) => response.url, () => 'refused');`,
        { url },
      );
      expect(seen).toBe('refused');
    });
    const { rowCount } = await stage.server.sql.query('SELECT FROM oauth_codes WHERE code_challenge = $1', [
      challenge,
    ]);
    expect(rowCount).toBe(0);
  });
});
