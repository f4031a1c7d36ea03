import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jest } from '@jest/globals';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { poolOf } from '../../../src/database/prepared.js';
import type { Actor } from '../../support/api-client.js';
import { Authenticator } from '../../support/authenticator.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { operationsOf, type OpenApiDocument, type Operation } from '../../support/operations.js';
import { MfaPeople, refusalOf } from './mfa-people.js';

const SETUP_REQUIRED = { status: 403, code: 'MFA_SETUP_REQUIRED' };

/** All that somebody reaches who must have a second factor and has none, written out: each route is here on purpose. */
const OPEN = [
  'GET /users/info',
  'POST /auth/logout-all',
  'POST /auth/mfa/totp/confirm',
  'POST /auth/mfa/totp/setup',
  'POST /auth/passkeys/register/options',
  'POST /auth/passkeys/register/verify',
  'POST /auth/step-up',
  'POST /users/logout',
];

let server: TestServer;
let forAdmins: TestServer;
let people: MfaPeople;
let operations: Operation[];
let document: OpenApiDocument;
beforeAll(async () => {
  server = await startTestServer({ env: { REQUIRE_MFA: 'all' } });
  forAdmins = await startTestServer({ env: { REQUIRE_MFA: 'admins' }, database: server.database });
  people = new MfaPeople(server);
  people.alsoStop(forAdmins);
  document = (await server.api.get('/mc101docs-json')).body as OpenApiDocument;
  operations = operationsOf(document);
});
afterAll(async () => {
  await forAdmins.close();
  await server.close();
});

const infoAt = async (service: TestServer, actor: Actor) =>
  refusalOf(await service.as(actor).get('/users/notes'));

describe('where everybody must have a second factor', () => {
  it('who has none reaches what setting one up needs, and nothing else', async () => {
    const alice = await server.signUp();
    const guarded = operations.filter(({ isPublic, takesCookies }) => !isPublic && !takesCookies);
    expect(guarded.length).toBeGreaterThan(30);
    const open: string[] = [];
    for (const operation of guarded) {
      const path = operation.path.replaceAll(/\{\w+\}/g, '1');
      if (['POST /users/logout', 'POST /auth/logout-all'].includes(operation.key)) {
        open.push(operation.key);
        continue;
      }
      const body = operation.bodyFields && operation.sampleBody;
      const answer = await server.as(alice).request(operation.method, path, body);
      if (refusalOf(answer).code === 'MFA_SETUP_REQUIRED') expect(answer.status).toBe(403);
      else open.push(operation.key);
    }
    expect(open.sort()).toEqual(OPEN);
    for (const path of ['/auth/logout-all', '/users/logout']) {
      const other = await server.signUp();
      expect((await server.as(other).post(path)).status).toBe(200);
    }
  });

  it('is documented at every other route that needs a token', () => {
    const documented = operations
      .filter(({ isPublic, takesCookies }) => !isPublic && !takesCookies)
      .filter(({ path, method }) => {
        const { responses } = document.paths[path]![method.toLowerCase()] as unknown as {
          responses: Record<string, { content?: Record<string, { examples?: object }> }>;
        };
        return 'MFA_SETUP_REQUIRED' in (responses['403']?.content?.['application/json']?.examples ?? {});
      });
    const silent = operations
      .filter(
        (operation) => !operation.isPublic && !operation.takesCookies && !documented.includes(operation),
      )
      .map(({ key }) => key);
    expect(silent.sort()).toEqual(OPEN);
  });

  it('a new one sets it up and goes on in the same session', async () => {
    const alice = await server.signUp();
    expect(await infoAt(server, alice)).toEqual(SETUP_REQUIRED);
    await people.withApp(alice);
    expect((await infoAt(server, alice)).status).toBe(200);
    expect((await people.logIn(alice)).body.mfa_required).toBe(true);
  });

  it('one who disables it must set up another one', async () => {
    const alice = await people.withApp();
    expect((await infoAt(server, alice)).status).toBe(200);
    await server.as(alice).post('/auth/mfa/disable', { password: alice.password });
    expect(await infoAt(server, alice)).toEqual(SETUP_REQUIRED);
    await people.withApp(alice);
    expect((await infoAt(server, alice)).status).toBe(200);
  });

  it('a session that a passkey began needs no other factor; one of the same account by its password does', async () => {
    const alice = await server.signUp();
    const elsewhere = new PasskeyClient(forAdmins.api, new SoftwareAuthenticator(server.config.publicUrl));
    expect((await elsewhere.register(alice)).status).toBe(201);
    const { body } = await new PasskeyClient(server.api, elsewhere.authenticator).logIn();
    expect((await infoAt(server, { ...alice, token: body.access_token })).status).toBe(200);
    const refreshed = await server.api.post('/auth/refresh', { refresh_token: body.refresh_token });
    expect((await infoAt(server, { ...alice, token: refreshed.body.access_token })).status).toBe(200);
    expect(await infoAt(server, { ...alice, token: await server.logIn(alice) })).toEqual(SETUP_REQUIRED);
  });

  it('who has only the password of an account with a passkey sets up nothing: no app, no other passkey', async () => {
    const alice = await server.signUp();
    const hers = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    const { body: begun } = await server.as(alice).post('/auth/mfa/totp/setup');
    const prepared = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    const { body: options } = await server.as(alice).post('/auth/passkeys/register/options');
    const credential = prepared.authenticator.create(options);
    expect((await hers.register(alice)).status).toBe(201);

    const thief = server.as({ token: await server.logIn(alice) });
    const code = new Authenticator(begun.secret as string, people.clock).code();
    const refused = { status: 403, code: 'PASSKEY_LOGIN_REQUIRED' };
    for (const [api, path, body] of [
      [thief, '/auth/mfa/totp/setup', undefined],
      [thief, '/auth/mfa/totp/confirm', { code }],
      [thief, '/auth/passkeys/register/options', undefined],
      [server.as(alice), '/auth/mfa/totp/confirm', { code }],
      [server.as(alice), '/auth/passkeys/register/verify', { credential }],
    ] as const)
      expect({ path, ...refusalOf(await api.post(path, body)) }).toEqual({ path, ...refused });

    const { body } = await hers.logIn();
    const owner = { ...alice, token: body.access_token as string };
    const another = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    expect((await another.register(owner)).status).toBe(201);
    await people.withApp(owner);
  });

  it('who has lost the device of their only passkey is helped by an admin', async () => {
    const [alice, admin] = [await server.signUp(), await people.withApp(await server.signUpAdmin())];
    const lost = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    await lost.register(alice);
    expect((await server.as(admin).post(`/admin/users/${alice.id}/mfa-reset`)).status).toBe(200);
    expect((await lost.logIn()).status).toBe(401);
    await people.withApp({ ...alice, token: await server.logIn(alice) });
  });

  it('whoever has an app registers a passkey in a session that the app was shown in', async () => {
    const alice = await people.withApp();
    const first = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    const second = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    expect((await first.register(alice)).status).toBe(201);
    expect((await second.register(alice)).status).toBe(201);
  });

  it('a setup that was never confirmed is none', async () => {
    const alice = await server.signUp();
    await server.as(alice).post('/auth/mfa/totp/setup');
    expect(await infoAt(server, alice)).toEqual(SETUP_REQUIRED);
  });

  it('nobody passes by another spelling of an address', async () => {
    const alice = await server.signUp();
    for (const path of ['/v1/users/notes', '/users/notes/', '/users/%6eotes', '/users/notes?x=/auth/step-up'])
      expect(refusalOf(await server.as(alice).get(path))).toEqual(SETUP_REQUIRED);
  });

  it('still costs a request one round trip to the database', async () => {
    const alice = await people.withApp();
    await server.as(alice).get('/users/info');
    const pool: Pool = poolOf(server.app.get(DataSource));
    const query = jest.spyOn(pool, 'query');
    const connect = jest.spyOn(pool, 'connect');
    expect((await server.as(alice).get('/users/info')).status).toBe(200);
    const bob = await server.signUp();
    query.mockClear();
    connect.mockClear();
    expect((await server.as(bob).get('/users/info')).status).toBe(200);
    expect(query).toHaveBeenCalledTimes(1);
    expect(connect.mock.calls.length).toBeLessThanOrEqual(1);
    query.mockRestore();
    connect.mockRestore();
  });
});

describe('where admins must have a second factor', () => {
  it('other people add to their passkeys by their password as ever', async () => {
    const alice = await server.signUp();
    for (let n = 0; n < 2; n += 1) {
      const passkey = new PasskeyClient(forAdmins.api, new SoftwareAuthenticator(server.config.publicUrl));
      expect((await passkey.register(alice)).status).toBe(201);
    }
    expect((await forAdmins.as(alice).post('/auth/mfa/totp/setup')).status).toBe(200);
  });

  it('other people need none, and whoever becomes an admin needs one at once', async () => {
    const alice = await server.signUp();
    expect((await infoAt(forAdmins, alice)).status).toBe(200);
    await server.sql.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [alice.id]);
    expect(await infoAt(forAdmins, alice)).toEqual(SETUP_REQUIRED);
    const listed = async () => refusalOf(await forAdmins.as(alice).get('/admin/users'));
    expect(await listed()).toEqual(SETUP_REQUIRED);
    await people.withApp(alice);
    expect((await listed()).status).toBe(200);
  });
});
