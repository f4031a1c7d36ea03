import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import { Metrics } from '../../../src/common/metrics/metrics.js';
import type { Actor } from '../../support/api-client.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { outcome } from '../../support/outcome.js';
import { collectNotices } from '../../support/notices.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { WebClient } from '../../support/web-client.js';

let server: TestServer;
let notices: SecurityNotice[];
beforeAll(async () => {
  server = await startTestServer();
  notices = collectNotices(server);
});
afterAll(() => server.close());

const newClient = (of: TestServer = server, counts = true) =>
  new PasskeyClient(of.api, new SoftwareAuthenticator(of.config.publicUrl, 'ES256', counts));

async function withPasskey(of: TestServer = server, counts = true) {
  const alice = await of.signUp();
  const client = newClient(of, counts);
  const { body } = await client.register(alice);
  return { alice, client, passkeyId: body.id as number };
}

const REFUSED = [401, 'INVALID_CREDENTIALS'];

async function lastEvent({ id }: Actor, type: string) {
  const { rows } = await server.sql.query(
    `SELECT actor_id, session_id, details FROM audit_events WHERE subject_id = $1 AND event_type = $2
     ORDER BY id DESC LIMIT 1`,
    [id, type],
  );
  return rows[0];
}

describe('logging in with a passkey', () => {
  it('is recorded with the method, like a login with a password', async () => {
    const { alice, client } = await withPasskey();
    expect(await lastEvent(alice, 'authn_login_success')).toMatchObject({ details: { method: 'password' } });
    const { body } = await client.logIn();
    const { body: info } = await server.as({ token: body.access_token }).get('/users/info');
    expect(await lastEvent(alice, 'authn_login_success')).toEqual({
      actor_id: alice.id,
      session_id: info.session.id,
      details: { method: 'passkey' },
    });
  });

  it('counts as a recent login', async () => {
    const { alice, client } = await withPasskey();
    await server.sql.query(
      `UPDATE sessions SET authenticated_at = now() - interval '1 day' WHERE user_id = $1`,
      [alice.id],
    );
    const { body } = await client.logIn();
    const again = await server.as({ token: body.access_token }).post('/auth/passkeys/register/options');
    expect(again.status).toBe(200);
  });

  it('knows the device again, by the token or the cookie that a login answered', async () => {
    const { alice, client } = await withPasskey();
    const devices = async () => {
      const { rows } = await server.sql.query('SELECT FROM known_devices WHERE user_id = $1', [alice.id]);
      return rows.length;
    };
    const before = await devices();
    const { body } = await client.logIn();
    expect(await devices()).toBe(before + 1);
    const { body: info } = await server.as({ token: body.access_token }).get('/users/info');
    expect(notices).toContainEqual({
      kind: 'new_device',
      userId: alice.id,
      sessionId: info.session.id,
      deviceId: expect.any(String),
    });
    const { body: options } = await server.api.post('/auth/passkeys/login/options', {});
    const again = await client.verify(client.authenticator.get(options), {
      'x-device-token': body.device_token,
    });
    expect(again.body.device_token).toBe(body.device_token);
    expect(await devices()).toBe(before + 1);
  });

  it('ends the other sessions where one is all that there may be', async () => {
    const single = await startTestServer({ env: { SESSION_POLICY: 'single' } });
    try {
      const { alice, client } = await withPasskey(single);
      const { body } = await client.logIn();
      expect((await single.as(alice).get('/users/info')).status).toBe(401);
      expect((await single.as({ token: body.access_token }).get('/users/info')).status).toBe(200);
    } finally {
      await single.close();
    }
  });

  it('works for an account without a password', async () => {
    const { alice, client } = await withPasskey();
    await server.sql.query('UPDATE users SET password_hash = NULL WHERE id = $1', [alice.id]);
    expect((await client.logIn()).status).toBe(200);
    expect(outcome(await server.api.post('/users/login', { email: alice.email, password: 'x' }))).toEqual(
      REFUSED,
    );
  });

  it('counts in the metrics of logins', async () => {
    const { client } = await withPasskey();
    const counted = async () => {
      const text = await server.app.get(Metrics).expose();
      return ['success', 'invalid_credentials'].map((outcome) =>
        Number(new RegExp(`^mc101_logins_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text)![1]),
      );
    };
    const before = await counted();
    await client.logIn();
    await client.logIn({ origin: 'https://evil.example' });
    expect(await counted()).toEqual(before.map((count) => count + 1));
  });

  it('a hundred at once begins a hundred sessions where the authenticator counts nothing', async () => {
    const { alice, client } = await withPasskey(server, false);
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.logIn()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { rows } = await server.sql.query('SELECT FROM sessions WHERE user_id = $1', [alice.id]);
    expect(rows).toHaveLength(101);
  });
});

describe('a page of ours', () => {
  const newPage = () => new WebClient(server.url, server.config.publicUrl);

  it('logs in with a passkey to cookies, and no token is in the answer but the access token', async () => {
    const { alice, client } = await withPasskey();
    const page = newPage();
    const { body: options } = await page.post('/auth/web/passkeys/login/options', {});
    const credential = client.authenticator.get(options);
    const answer = await page.post('/auth/web/passkeys/login/verify', { credential });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(['access_token', 'csrf_token', 'expires_in']);
    expect([...page.cookies.keys()].sort()).toEqual(['__Host-csrf', '__Host-device', '__Host-refresh']);
    const { body } = await server.as({ token: answer.body.access_token }).get('/users/info');
    expect(body.email).toBe(alice.email);
    expect((await page.refresh()).status).toBe(200);
  });

  it('ends the session that the browser had', async () => {
    const { alice, client } = await withPasskey();
    const page = newPage();
    const former = await page.logIn(alice);
    const { body: options } = await page.post('/auth/web/passkeys/login/options', {});
    await page.post('/auth/web/passkeys/login/verify', { credential: client.authenticator.get(options) });
    expect((await server.as({ token: former.body.access_token }).get('/users/info')).status).toBe(401);
  });

  it('is the only one that may: a page elsewhere logs nobody in, and gets no options', async () => {
    const { client } = await withPasskey();
    const page = newPage();
    const { body: options } = await page.post('/auth/web/passkeys/login/options', {});
    const credential = client.authenticator.get(options);
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: undefined, 'sec-fetch-site': undefined },
    ]) {
      const foreign = await page.post('/auth/web/passkeys/login/verify', { credential }, headers);
      expect(outcome(foreign)).toEqual([403, 'CSRF_FAILED']);
      expect(foreign.setCookies).toEqual([]);
      expect(outcome(await page.post('/auth/web/passkeys/login/options', {}, headers))).toEqual([
        403,
        'CSRF_FAILED',
      ]);
    }
    expect((await page.post('/auth/web/passkeys/login/verify', { credential })).status).toBe(200);
  });
});

describe('a counter that goes back', () => {
  it('refuses the login, is recorded, and told to the owner once', async () => {
    const { alice, client, passkeyId } = await withPasskey();
    expect((await client.logIn({ counter: 7 })).status).toBe(200);
    for (const counter of [7, 6, 0]) expect(outcome(await client.logIn({ counter }))).toEqual(REFUSED);
    expect(await lastEvent(alice, 'passkey_clone_suspected')).toMatchObject({
      details: { passkey_id: passkeyId },
    });
    expect(await lastEvent(alice, 'authn_login_fail')).toMatchObject({
      details: { method: 'passkey', reason: 'copied_passkey' },
    });
    expect(
      notices.filter(({ kind, userId }) => kind === 'passkey_clone_suspected' && userId === alice.id),
    ).toEqual([{ kind: 'passkey_clone_suspected', userId: alice.id }]);
    const { body } = await server.as(alice).get('/auth/passkeys');
    expect(body.items[0].clone_suspected_at).toEqual(expect.any(String));
    expect((await client.logIn({ counter: 8 })).status).toBe(200);
  });

  it('begins no session', async () => {
    const { alice, client } = await withPasskey();
    await client.logIn({ counter: 7 });
    const count = async () =>
      (await server.sql.query('SELECT FROM sessions WHERE user_id = $1', [alice.id])).rows.length;
    const before = await count();
    await client.logIn({ counter: 7 });
    expect(await count()).toBe(before);
  });

  it('raises no alarm where the signature is wrong: nobody without the key can', async () => {
    const { alice, client } = await withPasskey();
    await client.logIn({ counter: 7 });
    const answer = await client.logIn({
      counter: 1,
      tamper: (signature) => Buffer.from(signature).reverse(),
    });
    expect(outcome(answer)).toEqual(REFUSED);
    expect(await lastEvent(alice, 'passkey_clone_suspected')).toBeUndefined();
  });

  it('is what one of two at once meets that count the same', async () => {
    const { client } = await withPasskey();
    await client.logIn({ counter: 3 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.logIn({ counter: 4 })));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 401),
    ]);
  });
});
