import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import type { Actor } from '../support/api-client.js';
import { launchChromium } from '../support/chromium.js';
import { freePort } from '../support/service-process.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { ForeignSite } from './foreign-pages.js';
import { run } from './run-in-page.js';

/** Chromium takes every name under localhost to this machine, and trusts it as it trusts TLS. */
const HOST = 'mc101.localhost';

let server: TestServer;
let own: string;
let browser: Browser;

beforeAll(async () => {
  const port = await freePort();
  own = `http://${HOST}:${port}`;
  server = await startTestServer({ env: { PORT: String(port), PUBLIC_URL: own } });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

interface PageAnswer {
  status: number;
  body: any;
}

const ASK = `const ask = async (path, body, headers = {}) => {
  const response = await fetch(path, {
    method: 'POST',
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
};`;

let context: BrowserContext;
let page: Page;
let devtools: CDPSession;
let alice: Actor;

async function addAuthenticator(options: Record<string, unknown> = {}): Promise<string> {
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  });
  return authenticatorId;
}

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${own}/mc101docs/favicon-16x16.png`);
  devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  alice = await server.signUp({ name: 'Alice' });
});
afterEach(() => context.close());

/** With nothing but what browsers have. */
const register = (actor: Actor, name?: string) =>
  run(
    page,
    `${ASK}
     const headers = { authorization: 'Bearer ' + token };
     const options = await ask('/auth/passkeys/register/options', undefined, headers);
     if (options.status !== 200) return options;
     try {
       const credential = await navigator.credentials.create({
         publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.body),
       });
       return await ask('/auth/passkeys/register/verify', { credential: credential.toJSON(), name }, headers);
     } catch (error) { return { status: 0, body: error.name }; }`,
    { token: actor.token, name },
  ) as Promise<PageAnswer>;

const logIn = (prefix: string, named: object = {}) =>
  run(
    page,
    `${ASK}
     const options = await ask(prefix + '/login/options', named);
     try {
       const credential = await navigator.credentials.get({
         publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.body),
       });
       return await ask(prefix + '/login/verify', { credential: credential.toJSON() });
     } catch (error) { return { status: 0, body: error.name }; }`,
    { prefix, named },
  ) as Promise<PageAnswer>;

const emailOf = async (token: string) => (await server.as({ token }).get('/users/info')).body.email as string;

describe('Chromium', () => {
  it('registers a passkey and logs in with it, without a name and with one', async () => {
    await addAuthenticator();
    const registered = await register(alice, 'Laptop');
    expect(registered).toMatchObject({ status: 201, body: { name: 'Laptop', transports: ['internal'] } });
    for (const named of [{}, { email: alice.email }]) {
      const answer = await logIn('/auth/passkeys', named);
      expect(answer.status).toBe(200);
      expect(await emailOf(answer.body.access_token)).toBe(alice.email);
    }
    const { body } = await server.as(alice).get('/auth/passkeys');
    expect(body.items).toEqual([expect.objectContaining({ name: 'Laptop', clone_suspected_at: null })]);
    expect(body.items[0].last_used_at).not.toBeNull();
  });

  it('logs a page of ours in, with cookies that no script reads, and refreshes', async () => {
    await addAuthenticator();
    expect((await register(alice)).status).toBe(201);
    const answer = await logIn('/auth/web/passkeys');
    expect(answer).toMatchObject({ status: 200, body: { csrf_token: expect.any(String) } });
    expect(await emailOf(answer.body.access_token)).toBe(alice.email);
    const cookies = (await context.cookies(own)).map(({ name, httpOnly }) => [name, httpOnly]);
    expect(cookies.sort()).toEqual([
      ['__Host-csrf', false],
      ['__Host-device', true],
      ['__Host-refresh', true],
    ]);
    const refreshed = (await run(
      page,
      `${ASK} return ask('/auth/web/refresh', undefined, { 'x-csrf-token': csrfToken });`,
      { csrfToken: answer.body.csrf_token },
    )) as PageAnswer;
    expect(refreshed.status).toBe(200);
  });

  it('makes no second passkey on an authenticator that has one', async () => {
    await addAuthenticator();
    expect((await register(alice)).status).toBe(201);
    expect(await register(alice)).toEqual({ status: 0, body: 'InvalidStateError' });
  });

  it('makes none without verifying the user, and uses none', async () => {
    const authenticator = await addAuthenticator();
    expect((await register(alice)).status).toBe(201);
    await devtools.send('WebAuthn.setUserVerified', {
      authenticatorId: authenticator,
      isUserVerified: false,
    });
    expect(await logIn('/auth/passkeys')).toEqual({ status: 0, body: 'NotAllowedError' });
    expect(await register(await server.signUp())).toEqual({ status: 0, body: 'NotAllowedError' });
  });

  it('keeps a passkey without room for names on a security key, which logs in with a name alone', async () => {
    await addAuthenticator({ transport: 'usb', hasResidentKey: false });
    expect(await register(alice)).toMatchObject({ status: 201, body: { transports: ['usb'] } });
    expect((await logIn('/auth/passkeys', { email: alice.email })).status).toBe(200);
  });

  it('refuses a key that was copied, once both have been used', async () => {
    const original = await addAuthenticator();
    expect((await register(alice)).status).toBe(201);
    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId: original });
    expect((await logIn('/auth/passkeys')).status).toBe(200);
    expect((await logIn('/auth/passkeys')).status).toBe(200);
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: original });
    const copy = await addAuthenticator();
    await devtools.send('WebAuthn.addCredential', { authenticatorId: copy, credential: credentials[0]! });
    expect(await logIn('/auth/passkeys')).toMatchObject({
      status: 401,
      body: { error: { code: 'INVALID_CREDENTIALS' } },
    });
    const { body } = await server.as(alice).get('/auth/passkeys');
    expect(body.items[0].clone_suspected_at).not.toBeNull();
  });

  it('finds no passkey of ours for a page elsewhere, not on another port either', async () => {
    const foreign = await new ForeignSite().start();
    await addAuthenticator();
    expect((await register(alice)).status).toBe(201);
    const options = (await server.api.post('/auth/passkeys/login/options', {})).body as object;
    const sign = (tab: Page) =>
      run(
        tab,
        `try {
           const credential = await navigator.credentials.get({
             publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
           });
           return credential.toJSON();
         } catch (error) { return error.name; }`,
        { options },
      );
    await page.goto(foreign.at('evil.localhost'));
    expect(await sign(page)).toBe('SecurityError');
    // Keys know no ports; the origin that the browser signs does.
    await page.goto(foreign.at(HOST));
    const credential = await sign(page);
    expect(credential).toMatchObject({ type: 'public-key' });
    expect((await server.api.post('/auth/passkeys/login/verify', { credential })).status).toBe(401);
    foreign.close();
  });
});
