import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { WebClient } from '../../support/web-client.js';
import { CODE_INVALID, MfaPeople, refusalOf, TOKEN_INVALID } from './mfa-people.js';

let server: TestServer;
let people: MfaPeople;
beforeAll(async () => {
  server = await startTestServer();
  people = new MfaPeople(server);
});
afterAll(() => server.close());

const browser = () => new WebClient(server.url, server.config.publicUrl);
const completeAt = (page: WebClient, body: object, headers?: Record<string, string | undefined>) =>
  page.post('/auth/web/mfa', body, headers);

describe('a browser', () => {
  it('gets no cookie for the password alone, and all of them with the second factor', async () => {
    const alice = await people.withApp();
    const page = browser();
    const waiting = await page.logIn(alice);
    expect({ status: waiting.status, body: waiting.body, cookies: waiting.setCookies }).toEqual({
      status: 200,
      body: { mfa_required: true, mfa_token: expect.any(String), methods: ['totp', 'backup_code'] },
      cookies: [],
    });
    const answer = await completeAt(page, { mfa_token: waiting.body.mfa_token, code: alice.app.freshCode() });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      expires_in: 900,
      csrf_token: page.csrfToken,
    });
    expect([...page.cookies.keys()].sort()).toEqual(['__Host-csrf', '__Host-device', '__Host-refresh']);
    expect(await people.isIn(answer.body.access_token as string)).toBe(true);
    expect((await page.refresh()).status).toBe(200);
  });

  it('keeps the session that it had until the login is complete, and then ends it', async () => {
    const bob = await server.signUp();
    const alice = await people.withApp();
    const page = browser();
    const former = (await page.logIn(bob)).body.access_token as string;
    const { body } = await page.logIn(alice);
    const wrong = await completeAt(page, { mfa_token: body.mfa_token, code: alice.app.wrongCode() });
    expect(refusalOf(wrong)).toEqual(CODE_INVALID);
    expect(wrong.setCookies).toEqual([]);
    expect(await people.isIn(former)).toBe(true);
    expect((await page.refresh()).status).toBe(200);
    const right = await completeAt(page, { mfa_token: body.mfa_token, code: alice.app.freshCode() });
    expect(right.status).toBe(200);
    expect(await people.isIn(former)).toBe(false);
  });

  it('is known again by its device cookie', async () => {
    const alice = await people.withApp();
    const page = browser();
    const logIn = async () => {
      const { body } = await page.logIn(alice);
      const answer = await completeAt(page, { mfa_token: body.mfa_token, code: alice.app.freshCode() });
      expect(answer.status).toBe(200);
      people.time.pass(60);
      return page.cookies.get('__Host-device');
    };
    const device = await logIn();
    expect(await logIn()).toBe(device);
  });

  it('completes with a backup code too', async () => {
    const alice = await people.withApp();
    const page = browser();
    const { body } = await page.logIn(alice);
    const answer = await completeAt(page, { mfa_token: body.mfa_token, backup_code: alice.backupCodes[9] });
    expect(answer.status).toBe(200);
  });
});

describe('the second step of a browser', () => {
  it('is refused to other pages, before any code is looked at', async () => {
    const alice = await people.withApp();
    const page = browser();
    const { body } = await page.logIn(alice);
    const request = { mfa_token: body.mfa_token, code: alice.app.freshCode() };
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: undefined, 'sec-fetch-site': undefined },
      { origin: 'null' },
    ])
      expect(refusalOf(await completeAt(page, request, headers))).toEqual({
        status: 403,
        code: 'CSRF_FAILED',
      });
    expect((await completeAt(page, request)).status).toBe(200);
  });

  it('does not complete a login of the bearer routes, nor they one of a browser', async () => {
    const alice = await people.withApp();
    const page = browser();
    const ofBearer = await people.passPassword(alice);
    const ofBrowser = (await page.logIn(alice)).body.mfa_token as string;
    const code = alice.app.freshCode();
    const crossed = await completeAt(page, { mfa_token: ofBearer, code });
    expect(refusalOf(crossed)).toEqual(TOKEN_INVALID);
    expect(crossed.setCookies).toEqual([]);
    expect(refusalOf(await people.complete({ mfa_token: ofBrowser, code }))).toEqual(TOKEN_INVALID);
    // Neither was a try: the code is good, and both still wait.
    expect((await completeAt(page, { mfa_token: ofBrowser, code })).status).toBe(200);
    people.time.pass(60);
    const completed = await people.complete({ mfa_token: ofBearer, code: alice.app.freshCode() });
    expect(completed.status).toBe(200);
    expect(completed.headers.getSetCookie()).toEqual([]);
  });

  it('reads no bearer token, and the bearer one no cookie', async () => {
    const alice = await people.withApp();
    const bob = await server.signUp();
    const page = browser();
    await page.logIn(bob);
    const { body } = await page.logIn(alice);
    const answer = await completeAt(
      page,
      { mfa_token: body.mfa_token, code: alice.app.freshCode() },
      { authorization: `Bearer ${bob.token}` },
    );
    expect((await server.as({ token: answer.body.access_token }).get('/users/info')).body.id).toBe(alice.id);
    people.time.pass(60);
    const completed = await people.complete(
      { mfa_token: await people.passPassword(alice), code: alice.app.freshCode() },
      { cookie: page.headers['cookie']! },
    );
    expect(completed.status).toBe(200);
    // The device of the cookie was not read: this is another one.
    expect(completed.body.device_token).not.toBe(page.cookies.get('__Host-device'));
  });
});
