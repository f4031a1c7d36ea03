import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdminAccountsService } from '../../../src/auth/admin-accounts.service.js';
import type { Actor } from '../../support/api-client.js';
import { verifyEmail } from '../../support/mailed-codes.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { MfaPeople, refusalOf, TOKEN_INVALID } from './mfa-people.js';

let server: TestServer;
let people: MfaPeople;
let admin: Actor;
beforeAll(async () => {
  server = await startTestServer();
  people = new MfaPeople(server);
  admin = await server.signUpAdmin();
});
afterAll(() => server.close());

const reset = (id: number, actor: { token: string } = admin) =>
  server.as(actor).post(`/admin/users/${id}/mfa-reset`);

describe('an admin who resets the second factor of somebody', () => {
  it('takes app, codes, sessions and waiting logins, and leaves the password', async () => {
    const alice = await people.withApp();
    const waiting = await people.passPassword(alice);
    const answer = await reset(alice.id);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { message: 'This account has neither second factor nor passkey any more.' },
    });
    expect(await people.isIn(alice.token)).toBe(false);
    people.time.pass(60);
    expect(refusalOf(await people.complete({ mfa_token: waiting, code: alice.app.freshCode() }))).toEqual(
      TOKEN_INVALID,
    );
    const login = await people.logIn(alice);
    expect(await people.isIn(login.body.access_token as string)).toBe(true);
    for (const table of ['mfa_totp', 'mfa_backup_codes', 'mfa_tokens']) {
      const { rowCount } = await server.sql.query(`SELECT FROM ${table} WHERE user_id = $1`, [alice.id]);
      expect({ table, rowCount }).toEqual({ table, rowCount: 0 });
    }
  });

  it('takes passkeys, too: whoever has lost the device is helped, and whoever stole it is out', async () => {
    const alice = await server.signUp();
    const stolen = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    expect((await stolen.register(alice)).status).toBe(201);
    const { body: options } = await server.as(alice).post('/auth/passkeys/register/options');
    const begun = await stolen.logIn();
    expect((await reset(alice.id)).status).toBe(200);
    expect(await people.isIn(begun.body.access_token as string)).toBe(false);
    expect((await stolen.logIn()).status).toBe(401);
    const { rowCount } = await server.sql.query('SELECT FROM passkey_challenges WHERE challenge = $1', [
      Buffer.from(options.challenge as string, 'base64url'),
    ]);
    expect(rowCount).toBe(0);
    expect(await people.eventsOf(alice, 'authn_mfa_reset', 'passkey_removed')).toMatchObject([
      { event_type: 'passkey_removed', actor_id: admin.id },
      { event_type: 'authn_mfa_reset', actor_id: admin.id, details: { had_any: true } },
    ]);
    expect(people.changesTold(alice)).toEqual(['reset']);
    const letter = (await server.mailsTo(alice.email)).find(({ kind }) => kind === 'mfaChanged')!;
    expect(letter.text.replaceAll('\n', ' ')).toContain('the second factors and passkeys of your account');
  });

  it('is recorded with who did it, and the owner hears of it', async () => {
    const alice = await people.withApp();
    await reset(alice.id);
    expect(await people.eventsOf(alice, 'authn_mfa_reset', 'authn_token_revoked')).toEqual([
      { event_type: 'authn_mfa_reset', actor_id: admin.id, details: { had_any: true } },
      {
        event_type: 'authn_token_revoked',
        actor_id: admin.id,
        details: { reason: 'mfa-reset', sessions: 1 },
      },
    ]);
    expect(people.changesTold(alice)).toEqual(['enabled', 'reset']);
  });

  it('may do so where there is none: it stands in the log, and nobody is told of a change', async () => {
    const bob = await server.signUp();
    expect((await reset(bob.id)).status).toBe(200);
    expect(await people.eventsOf(bob, 'authn_mfa_reset')).toMatchObject([{ details: { had_any: false } }]);
    expect(people.changesTold(bob)).toEqual([]);
    expect(await people.isIn(bob.token)).toBe(false);
  });

  it('must have logged in or stepped up within fifteen minutes', async () => {
    const alice = await people.withApp();
    const other = await server.signUpAdmin();
    await people.age(other);
    expect(refusalOf(await reset(alice.id, other))).toEqual({
      status: 403,
      code: 'REAUTHENTICATION_REQUIRED',
    });
    await server.as(other).post('/auth/step-up', { password: other.password });
    expect((await reset(alice.id, other)).status).toBe(200);
  });

  it('is an admin, and somebody else', async () => {
    const alice = await people.withApp();
    const bob = await server.signUp();
    expect(refusalOf(await reset(alice.id, bob))).toEqual({ status: 403, code: 'FORBIDDEN' });
    const own = await people.withApp(await server.signUpAdmin());
    expect(refusalOf(await reset(own.id, own))).toEqual({ status: 403, code: 'FORBIDDEN' });
    expect(refusalOf(await reset(999_999))).toEqual({ status: 404, code: 'USER_NOT_FOUND' });
    expect((await people.logIn(own)).body.mfa_required).toBe(true);
  });
});

describe('the operator who resets an admin', () => {
  const accounts = () => server.app.get(AdminAccountsService);

  it('leaves the second factor, unless told to take it', async () => {
    const lost = await people.withApp(await server.signUpAdmin());
    const password = (await accounts().reset(lost.email)).generatedPassword!;
    expect((await people.logIn({ ...lost, password })).body.mfa_required).toBe(true);
    const another = (await accounts().reset(lost.email, undefined, true)).generatedPassword!;
    expect((await people.logIn({ ...lost, password: another })).body.access_token).toEqual(
      expect.any(String),
    );
    expect(people.changesTold(lost)).toEqual(['enabled']);
  });

  it('has the owner told that the password is another one, and of the factors where they went', async () => {
    const admin = await people.withApp(await server.signUpAdmin());
    const letters = async () =>
      (await server.mailsTo(admin.email))
        .filter(({ kind }) => kind === 'passwordReplaced')
        .map(({ text }) => text.replaceAll('\n', ' '));
    const told = 'whoever operates the service has set a new password for your account';
    await verifyEmail(server, admin);
    await accounts().reset(admin.email);
    expect(await letters()).toEqual([expect.stringMatching(new RegExp(told, 'i'))]);
    expect((await letters())[0]).not.toContain('second factor');
    await accounts().reset(admin.email, undefined, true);
    expect((await letters())[1]).toContain('second factors and passkeys of your account were removed');
    const kinds = (await server.mailsTo(admin.email)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'mfaChanged')).toHaveLength(1);
  });

  it('takes it from an account that becomes an admin’s: whoever registered it may have set it up', async () => {
    const squatter = await people.withApp();
    const passkey = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    expect((await passkey.register(squatter)).status).toBe(201);
    const { generatedPassword } = await accounts().raise(squatter.email);
    const login = await people.logIn({ ...squatter, password: generatedPassword! });
    expect(login.body.access_token).toEqual(expect.any(String));
    expect((await passkey.logIn()).status).toBe(401);
  });

  it('takes passkeys with the second factor', async () => {
    const lost = await server.signUpAdmin();
    const passkey = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    expect((await passkey.register(lost)).status).toBe(201);
    await accounts().reset(lost.email);
    expect((await passkey.logIn()).status).toBe(200);
    await accounts().reset(lost.email, undefined, true);
    expect((await passkey.logIn()).status).toBe(401);
  });
});
