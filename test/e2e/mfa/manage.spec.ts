import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { CODE_INVALID, MfaPeople, refusalOf } from './mfa-people.js';

let server: TestServer;
let people: MfaPeople;
beforeAll(async () => {
  server = await startTestServer();
  people = new MfaPeople(server);
});
afterAll(() => server.close());

const NOT_ENABLED = { status: 409, code: 'MFA_NOT_ENABLED' };

describe('new backup codes', () => {
  const regenerate = (actor: { token: string }, code: string) =>
    server.as(actor).post('/auth/mfa/backup-codes/regenerate', { code });

  it('void the former ones, used or not', async () => {
    const alice = await people.withApp();
    const answer = await regenerate(alice, alice.app.freshCode());
    expect(answer.status).toBe(200);
    const codes = answer.body.backup_codes as string[];
    expect(codes).toHaveLength(10);
    expect(codes.filter((code) => alice.backupCodes.includes(code))).toEqual([]);
    const logIn = async (backupCode: string) =>
      people.complete({ mfa_token: await people.passPassword(alice), backup_code: backupCode });
    expect(refusalOf(await logIn(alice.backupCodes[0]!))).toEqual(CODE_INVALID);
    expect((await logIn(codes[0]!)).status).toBe(200);
    expect(people.changesTold(alice)).toEqual(['enabled', 'backup_codes_replaced', 'backup_code_used']);
    expect(await people.eventsOf(alice, 'authn_backup_codes_replaced')).toMatchObject([
      { actor_id: alice.id },
    ]);
  });

  it('need a code of the app, and an app', async () => {
    const alice = await people.withApp();
    expect(refusalOf(await regenerate(alice, alice.app.wrongCode()))).toEqual(CODE_INVALID);
    expect(refusalOf(await regenerate(alice, alice.backupCodes[0]!))).toEqual(CODE_INVALID);
    expect(await people.eventsOf(alice, 'authn_mfa_change_fail')).toHaveLength(2);
    expect(refusalOf(await regenerate(await server.signUp(), '123456'))).toEqual(NOT_ENABLED);
  });

  it('are made once, also when a hundred requests with one code come at once', async () => {
    const alice = await people.withApp();
    const code = alice.app.freshCode();
    const answers = await Promise.all(Array.from({ length: 100 }, () => regenerate(alice, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const { rowCount } = await server.sql.query('SELECT FROM mfa_backup_codes WHERE user_id = $1', [
      alice.id,
    ]);
    expect(rowCount).toBe(10);
  });
});

describe('disabling the app', () => {
  const disable = (actor: { token: string }, body: object) =>
    server.as(actor).post('/auth/mfa/disable', body);

  it.each(['password', 'code'] as const)(
    'by the %s: a login needs the password alone again',
    async (proof) => {
      const alice = await people.withApp();
      const other = await people.logInWithApp(alice);
      people.time.pass(60);
      const given = proof === 'password' ? { password: alice.password } : { code: alice.app.freshCode() };
      expect((await disable(alice, given)).status).toBe(200);
      expect((await people.logIn(alice)).body.access_token).toEqual(expect.any(String));
      expect([await people.isIn(alice.token), await people.isIn(other.token)]).toEqual([true, false]);
      expect(people.changesTold(alice)).toEqual(['enabled', 'disabled']);
      expect(await people.eventsOf(alice, 'authn_mfa_disabled')).toEqual([
        { event_type: 'authn_mfa_disabled', actor_id: alice.id, details: { method: 'totp' } },
      ]);
      for (const table of ['mfa_totp', 'mfa_backup_codes']) {
        const { rowCount } = await server.sql.query(`SELECT FROM ${table} WHERE user_id = $1`, [alice.id]);
        expect({ table, rowCount }).toEqual({ table, rowCount: 0 });
      }
    },
  );

  it('needs a proof in the request, however recent the login is', async () => {
    const alice = await people.withApp();
    expect(refusalOf(await disable(alice, {}))).toMatchObject({ status: 422 });
    expect(refusalOf(await disable(alice, { password: 'not the password' }))).toMatchObject({ status: 401 });
    expect(refusalOf(await disable(alice, { code: alice.app.wrongCode() }))).toEqual(CODE_INVALID);
    expect((await people.logIn(alice)).body.mfa_required).toBe(true);
    expect(await people.eventsOf(alice, 'authn_mfa_change_fail')).toMatchObject([
      { details: { reason: 'wrong_password' } },
      { details: { reason: 'wrong_code' } },
    ]);
  });

  it('is for who has one; another can be set up afterwards', async () => {
    const alice = await server.signUp();
    expect(refusalOf(await disable(alice, { password: alice.password }))).toEqual(NOT_ENABLED);
    const enrolled = await people.withApp(alice);
    expect((await disable(alice, { password: alice.password })).status).toBe(200);
    const again = await people.withApp(alice);
    expect(again.backupCodes).not.toEqual(enrolled.backupCodes);
    people.time.pass(60);
    const token = await people.passPassword(alice);
    expect(refusalOf(await people.complete({ mfa_token: token, code: enrolled.app.freshCode() }))).toEqual(
      CODE_INVALID,
    );
    expect((await people.complete({ mfa_token: token, code: again.app.freshCode() })).status).toBe(200);
  });
});
