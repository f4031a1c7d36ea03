import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { outcome } from '../../support/outcome.js';
import { collectNotices } from '../../support/notices.js';
import { eventsOf } from '../../support/audited.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let notices: SecurityNotice[];
beforeAll(async () => {
  server = await startTestServer();
  notices = collectNotices(server);
});
afterAll(() => server.close());

const newClient = (kind: 'ES256' | 'EdDSA' = 'ES256', counts = true) =>
  new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl, kind, counts));

const age = (actor: Actor) =>
  server.sql.query(
    `UPDATE sessions SET authenticated_at = now() - interval '16 minutes' WHERE user_id = $1`,
    [actor.id],
  );

const takePassword = ({ id }: Actor) =>
  server.sql.query('UPDATE users SET password_hash = NULL WHERE id = $1', [id]);

describe('my passkeys', () => {
  it('are listed, the oldest first and in pages, without their keys', async () => {
    const alice = await server.signUp();
    const synced = newClient('ES256', false);
    await synced.register(alice, {}, 'Phone');
    await newClient().register(alice, { transports: ['usb'] });
    await synced.logIn();
    const { body: first } = await server.as(alice).get('/auth/passkeys?limit=1');
    expect(first.items).toEqual([
      {
        id: expect.any(Number),
        name: 'Phone',
        transports: ['internal', 'hybrid'],
        backup_eligible: true,
        backed_up: false,
        aaguid: '00000000-0000-0000-0000-000000000000',
        created_at: expect.any(String),
        last_used_at: expect.any(String),
        clone_suspected_at: null,
      },
    ]);
    const { body: rest } = await server.as(alice).get(`/auth/passkeys?cursor=${first.next_cursor}`);
    expect(rest).toMatchObject({
      items: [{ name: 'Passkey', transports: ['usb'], backup_eligible: false, last_used_at: null }],
      next_cursor: null,
    });
  });

  it('get another name', async () => {
    const alice = await server.signUp();
    const { body } = await newClient().register(alice);
    const renamed = await server.as(alice).patch(`/auth/passkeys/${body.id}`, { name: 'Work' });
    expect(renamed).toMatchObject({ status: 200, body: { ...body, name: 'Work' } });
    expect(await eventsOf(server, alice, 'passkey_renamed')).toHaveLength(1);
  });

  it('are mine alone', async () => {
    const alice = await server.signUp();
    const mallory = await server.signUp();
    const { body } = await newClient().register(alice);
    const api = server.as(mallory);
    const unknown = [404, 'PASSKEY_NOT_FOUND'];
    expect(outcome(await api.patch(`/auth/passkeys/${body.id}`, { name: 'Mine' }))).toEqual(unknown);
    expect(outcome(await api.delete(`/auth/passkeys/${body.id}`))).toEqual(unknown);
    expect((await api.get('/auth/passkeys')).body).toEqual({ items: [], next_cursor: null });
    expect((await server.as(alice).get('/auth/passkeys')).body.items).toEqual([body]);
  });

  it('open nothing once they are removed, and the owner is told', async () => {
    const alice = await server.signUp();
    const client = newClient();
    const { body } = await client.register(alice, {}, 'Lost');
    expect((await server.as(alice).delete(`/auth/passkeys/${body.id}`)).status).toBe(204);
    expect(outcome(await client.logIn())).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(await eventsOf(server, alice, 'passkey_removed')).toEqual([
      { event_type: 'passkey_removed', actor_id: alice.id, details: { passkey_id: body.id } },
    ]);
    expect(notices).toContainEqual({ kind: 'passkey_removed', userId: alice.id });
  });

  it('are not removed by a session alone: it must be a recent login', async () => {
    const alice = await server.signUp();
    const { body } = await newClient().register(alice);
    await age(alice);
    expect(outcome(await server.as(alice).delete(`/auth/passkeys/${body.id}`))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
  });

  it('of an account without a password: the last one stays, also when both go at once', async () => {
    const alice = await server.signUp();
    const [first, second] = [await newClient().register(alice), await newClient().register(alice)];
    await takePassword(alice);
    const remove = ({ body }: Answer) => server.as(alice).delete(`/auth/passkeys/${body.id}`);
    const answers = await Promise.all([remove(first), remove(second)]);
    expect(answers.map(outcome).sort()).toEqual([
      [204, undefined],
      [409, 'LAST_LOGIN_METHOD'],
    ]);
    expect((await server.as(alice).get('/auth/passkeys')).body.items).toHaveLength(1);
  });

  it('outlive the rotation of every secret', async () => {
    const alice = await server.signUp();
    const client = newClient();
    await client.register(alice);
    const fresh = (fill: string) => `k2:${Buffer.alloc(32, fill).toString('base64')}`;
    const rotated = await startTestServer({
      database: server.database,
      env: {
        TOKEN_PEPPER: fresh('p'),
        JWT_SECRET_KEY: fresh('j'),
        APP_ENCRYPTION_KEY: `${fresh('a')},${TEST_SECRETS.APP_ENCRYPTION_KEY}`,
      },
    });
    try {
      const there = new PasskeyClient(rotated.api, client.authenticator);
      expect((await there.logIn()).status).toBe(200);
      const { body } = await rotated.as(await rotated.signUp()).post('/auth/passkeys/register/options');
      expect(body.user.id).toMatch(/^[\w-]{43}$/);
    } finally {
      await rotated.close();
    }
  });

  it('stay when the account is disabled, and log in to nothing until it is enabled', async () => {
    const admin = await server.signUpAdmin();
    const alice = await server.signUp();
    const client = newClient();
    await client.register(alice);
    const { body: options } = await server.as(alice).post('/auth/passkeys/register/options');
    await server.as(admin).patch(`/admin/users/${alice.id}`, { is_active: false });
    expect(outcome(await client.logIn())).toEqual([401, 'INVALID_CREDENTIALS']);
    const { rows } = await server.sql.query('SELECT FROM passkey_challenges WHERE user_id = $1', [alice.id]);
    expect(rows).toEqual([]);
    await server.as(admin).patch(`/admin/users/${alice.id}`, { is_active: true });
    expect((await client.logIn()).status).toBe(200);
    const again = { ...alice, token: await server.logIn(alice) };
    const credential = newClient().authenticator.create(options);
    expect(outcome(await server.as(again).post('/auth/passkeys/register/verify', { credential }))).toEqual([
      400,
      'PASSKEY_INVALID',
    ]);
  });

  it('go with the account', async () => {
    const alice = await server.signUp();
    const client = newClient();
    await client.register(alice);
    await server.api.post('/auth/passkeys/login/options', { email: alice.email });
    expect((await server.as(alice).delete('/users/')).status).toBe(204);
    expect(outcome(await client.logIn())).toEqual([401, 'INVALID_CREDENTIALS']);
    for (const table of ['passkeys', 'passkey_challenges'])
      expect((await server.sql.query(`SELECT FROM ${table} WHERE user_id = $1`, [alice.id])).rows).toEqual(
        [],
      );
  });
});
