import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { CODE_INVALID, MfaPeople, refusalOf, TOKEN_INVALID } from './mfa-people.js';

let server: TestServer;
let people: MfaPeople;
beforeAll(async () => {
  server = await startTestServer();
  people = new MfaPeople(server);
});
afterAll(() => server.close());

const sessionsOf = async ({ id }: { id: number }) =>
  (await server.sql.query('SELECT FROM sessions WHERE user_id = $1', [id])).rowCount;

describe('a login with a second factor', () => {
  it('waits after the password: no session, no tokens, no word of success', async () => {
    const alice = await people.withApp();
    const before = await sessionsOf(alice);
    const answer = await people.logIn(alice);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { mfa_required: true, mfa_token: expect.any(String), methods: ['totp', 'backup_code'] },
    });
    expect(await sessionsOf(alice)).toBe(before);
    expect(await people.eventsOf(alice, 'authn_login_success', 'authn_mfa_required')).toMatchObject([
      { event_type: 'authn_login_success' },
      { event_type: 'authn_mfa_required', details: { methods: 'totp,backup_code' } },
    ]);
  });

  it('is a 401 for the OAuth2 form, whose clients take any 200 for tokens', async () => {
    const alice = await people.withApp();
    const answer = await server.api.post('/users/login', undefined, {
      rawBody: new URLSearchParams({ username: alice.email, password: alice.password }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(refusalOf(answer)).toEqual({ status: 401, code: 'MFA_REQUIRED' });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    const { details } = answer.body.error;
    expect(details).toEqual({
      mfa_required: true,
      mfa_token: expect.any(String),
      methods: ['totp', 'backup_code'],
    });
    const completed = await people.complete({ mfa_token: details.mfa_token, code: alice.app.freshCode() });
    expect(completed.status).toBe(200);
  });

  it('is completed by a code of the app: the same answer as any login', async () => {
    const alice = await people.withApp();
    const answer = await people.complete({
      mfa_token: await people.passPassword(alice),
      code: alice.app.freshCode(),
    });
    expect(answer.status).toBe(200);
    const { body: other } = await people.logIn(await server.signUp());
    expect(Object.keys(answer.body as object).sort()).toEqual(Object.keys(other as object).sort());
    expect((await server.as({ token: answer.body.access_token }).get('/users/info')).body.id).toBe(alice.id);
    expect(await people.eventsOf(alice, 'authn_login_success')).toEqual([
      { event_type: 'authn_login_success', actor_id: alice.id, details: { method: 'password' } },
      {
        event_type: 'authn_login_success',
        actor_id: alice.id,
        details: { method: 'password', second_factor: 'totp' },
      },
    ]);
    const refreshed = await server.api.post('/auth/refresh', { refresh_token: answer.body.refresh_token });
    expect(refreshed.status).toBe(200);
  });

  it('is completed by each backup code once, however it is typed, and the owner hears of it', async () => {
    const alice = await people.withApp();
    const [first, second] = alice.backupCodes as [string, string];
    const withCode = async (backupCode: string) =>
      people.complete({ mfa_token: await people.passPassword(alice), backup_code: backupCode });
    expect((await withCode(first)).status).toBe(200);
    expect(refusalOf(await withCode(first))).toEqual(CODE_INVALID);
    expect((await withCode(second.toUpperCase().replaceAll('-', ' '))).status).toBe(200);
    expect(await people.eventsOf(alice, 'authn_backup_code_used')).toMatchObject([
      { actor_id: alice.id, details: { left: 9 } },
      { actor_id: alice.id, details: { left: 8 } },
    ]);
    expect(people.changesTold(alice)).toEqual(['enabled', 'backup_code_used', 'backup_code_used']);
  });

  it('offers no backup codes where none is left', async () => {
    const alice = await people.withApp();
    await server.sql.query('UPDATE mfa_backup_codes SET used_at = now() WHERE user_id = $1', [alice.id]);
    expect((await people.logIn(alice)).body.methods).toEqual(['totp']);
  });

  it('takes a code or a backup code, never both, never none', async () => {
    const alice = await people.withApp();
    const token = await people.passPassword(alice);
    for (const body of [
      { mfa_token: token },
      { mfa_token: token, code: '123456', backup_code: alice.backupCodes[0] },
      { mfa_token: token, code: null },
      { mfa_token: token, code: 123456 },
      { code: '123456' },
    ])
      expect(refusalOf(await people.complete(body))).toEqual({ status: 422, code: 'VALIDATION_ERROR' });
    // None of these was a try.
    expect((await people.complete({ mfa_token: token, code: alice.app.freshCode() })).status).toBe(200);
  });

  it('takes no backup code for a code of the app, nor the other way round, nor one of somebody else', async () => {
    const alice = await people.withApp();
    const bob = await people.withApp();
    const attempt = async (body: object) =>
      refusalOf(await people.complete({ mfa_token: await people.passPassword(alice), ...body }));
    expect(await attempt({ code: alice.backupCodes[0] })).toEqual(CODE_INVALID);
    expect(await attempt({ backup_code: alice.app.freshCode() })).toEqual(CODE_INVALID);
    expect(await attempt({ code: bob.app.freshCode() })).toEqual(CODE_INVALID);
    expect(await attempt({ backup_code: bob.backupCodes[0] })).toEqual(CODE_INVALID);
    expect(await attempt({ backup_code: '' })).toMatchObject({ status: 422 });
  });

  it('makes its device known, which then is no new one', async () => {
    const alice = await people.withApp();
    const complete = async (device?: string) => {
      const body = { mfa_token: await people.passPassword(alice), code: alice.app.freshCode() };
      people.time.pass(30);
      return people.complete(body, device === undefined ? {} : { 'x-device-token': device });
    };
    const first = await complete();
    expect(first.status).toBe(200);
    const devices = people.notices.filter(({ kind }) => kind === 'new_device').length;
    const again = await complete(first.body.device_token as string);
    expect(again.body.device_token).toBe(first.body.device_token);
    expect(people.notices.filter(({ kind }) => kind === 'new_device')).toHaveLength(devices);
  });

  it('ends the older sessions only when it is completed, with SESSION_POLICY=single', async () => {
    const single = await startTestServer({ env: { SESSION_POLICY: 'single' }, database: server.database });
    people.alsoStop(single);
    try {
      const alice = await people.withApp();
      const { body } = await single.api.post('/users/login', {
        email: alice.email,
        password: alice.password,
      });
      expect(await people.isIn(alice.token)).toBe(true);
      const completed = await single.api.post('/auth/mfa/complete', {
        mfa_token: body.mfa_token,
        code: alice.app.freshCode(),
      });
      expect(completed.status).toBe(200);
      expect(await people.isIn(alice.token)).toBe(false);
      expect(await people.isIn(completed.body.access_token as string)).toBe(true);
    } finally {
      await single.close();
    }
  });
});

describe('a login does not wait any more', () => {
  const attempt = async (token: string, code: string) =>
    refusalOf(await people.complete({ mfa_token: token, code }));

  it('once it was completed', async () => {
    const alice = await people.withApp();
    const token = await people.passPassword(alice);
    expect((await people.complete({ mfa_token: token, code: alice.app.freshCode() })).status).toBe(200);
    people.time.pass(60);
    expect(await attempt(token, alice.app.freshCode())).toEqual(TOKEN_INVALID);
  });

  it('after five minutes', async () => {
    const alice = await people.withApp();
    const token = await people.passPassword(alice);
    await server.sql.query(
      `UPDATE mfa_tokens SET expires_at = expires_at - interval '5 minutes' WHERE user_id = $1`,
      [alice.id],
    );
    expect(await attempt(token, alice.app.freshCode())).toEqual(TOKEN_INVALID);
    // The next one that waits clears it away.
    await people.passPassword(alice);
    const { rows } = await server.sql.query('SELECT FROM mfa_tokens WHERE user_id = $1', [alice.id]);
    expect(rows).toHaveLength(1);
  });

  it('after five wrong codes, also for a right one', async () => {
    const alice = await people.withApp();
    const token = await people.passPassword(alice);
    for (let tries = 0; tries < 5; tries += 1)
      expect(await attempt(token, alice.app.wrongCode())).toEqual(CODE_INVALID);
    expect(await attempt(token, alice.app.freshCode())).toEqual(TOKEN_INVALID);
  });

  it('when the password was changed', async () => {
    const alice = await people.withApp();
    const token = await people.passPassword(alice);
    const changed = await server.as(alice).post('/users/change-password', {
      current_password: alice.password,
      new_password: `seven lanterns over a quiet harbour ${alice.id}`,
    });
    expect(changed.status).toBe(200);
    expect(await attempt(token, alice.app.freshCode())).toEqual(TOKEN_INVALID);
  });

  it('when the account was disabled, also once it is enabled again, or deleted', async () => {
    const admin = await server.signUpAdmin();
    const alice = await people.withApp();
    const token = await people.passPassword(alice);
    const setActive = (isActive: boolean) =>
      server.as(admin).patch(`/admin/users/${alice.id}`, { is_active: isActive });
    await setActive(false);
    expect(await attempt(token, alice.app.freshCode())).toEqual(TOKEN_INVALID);
    await setActive(true);
    expect(await attempt(token, alice.app.freshCode())).toEqual(TOKEN_INVALID);
    const bob = await people.withApp();
    const tokenOfBob = await people.passPassword(bob);
    expect((await server.as(bob).delete('/users')).status).toBe(204);
    expect(await attempt(tokenOfBob, bob.app.freshCode())).toEqual(TOKEN_INVALID);
    for (const table of ['mfa_totp', 'mfa_backup_codes', 'mfa_tokens']) {
      const { rowCount } = await server.sql.query(`SELECT FROM ${table} WHERE user_id = $1`, [bob.id]);
      expect({ table, rowCount }).toEqual({ table, rowCount: 0 });
    }
  });

  it('when its app was disabled', async () => {
    const alice = await people.withApp();
    const token = await people.passPassword(alice);
    await server.as(alice).post('/auth/mfa/disable', { password: alice.password });
    expect(await attempt(token, alice.app.freshCode())).toEqual(TOKEN_INVALID);
  });
});
