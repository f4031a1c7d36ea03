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

const stepUp = (actor: { token: string }, body: object) => server.as(actor).post('/auth/step-up', body);
const exported = async (actor: { token: string }) => (await server.as(actor).get('/users/export')).status;

describe('step-up', () => {
  it('by the password opens what needs a recent login, for this session alone', async () => {
    const alice = await server.signUp();
    const elsewhere = { ...alice, token: await server.logIn(alice) };
    await people.age(alice);
    expect([await exported(alice), await exported(elsewhere)]).toEqual([403, 403]);
    const answer = await stepUp(alice, { password: alice.password });
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { message: expect.any(String) },
    });
    expect([await exported(alice), await exported(elsewhere)]).toEqual([200, 403]);
    expect(await people.eventsOf(alice, 'authn_step_up')).toEqual([
      { event_type: 'authn_step_up', actor_id: alice.id, details: { method: 'password' } },
    ]);
    expect((await server.as(alice).delete('/users')).status).toBe(204);
  });

  it('by a code of the app does the same, and each code does it once', async () => {
    const alice = await people.withApp();
    await people.age(alice);
    people.time.pass(30);
    const code = alice.app.freshCode();
    expect((await stepUp(alice, { code })).status).toBe(200);
    expect(await exported(alice)).toBe(200);
    await people.age(alice);
    expect(refusalOf(await stepUp(alice, { code }))).toEqual(CODE_INVALID);
    expect(await exported(alice)).toBe(403);
    expect(await people.eventsOf(alice, 'authn_step_up', 'authn_step_up_fail')).toMatchObject([
      { event_type: 'authn_step_up', details: { method: 'totp' } },
      { event_type: 'authn_step_up_fail', details: { reason: 'wrong_code' } },
    ]);
  });

  it('refuses a wrong password, a wrong code, a backup code, and a code where there is no app', async () => {
    const alice = await people.withApp();
    const bob = await server.signUp();
    await people.age(alice);
    expect(refusalOf(await stepUp(alice, { password: 'not the password' }))).toEqual({
      status: 401,
      code: 'INVALID_CREDENTIALS',
    });
    expect(refusalOf(await stepUp(alice, { code: alice.app.wrongCode() }))).toEqual(CODE_INVALID);
    expect(refusalOf(await stepUp(alice, { code: alice.backupCodes[0] }))).toEqual(CODE_INVALID);
    expect(refusalOf(await stepUp(bob, { code: alice.app.code() }))).toEqual(CODE_INVALID);
    expect(await exported(alice)).toBe(403);
    // The backup code is still good.
    const body = { mfa_token: await people.passPassword(alice), backup_code: alice.backupCodes[0] };
    expect((await people.complete(body)).status).toBe(200);
  });

  it('takes a password or a code, never both, never none', async () => {
    const alice = await server.signUp();
    for (const body of [{}, { password: alice.password, code: '123456' }, { password: null }, { code: 1 }])
      expect(refusalOf(await stepUp(alice, body))).toEqual({ status: 422, code: 'VALIDATION_ERROR' });
  });

  it('proves nothing with a password that is being changed', async () => {
    const alice = await server.signUp();
    await people.age(alice);
    const replacement = `seven lanterns over a quiet harbour ${alice.id}`;
    const [changed, ...proofs] = await Promise.all([
      server.as(alice).post('/users/change-password', {
        current_password: alice.password,
        new_password: replacement,
      }),
      ...Array.from({ length: 10 }, () => stepUp(alice, { password: alice.password })),
    ]);
    expect(changed.status).toBe(200);
    for (const { status } of proofs) expect([200, 401]).toContain(status);
    // Whatever proved something did so before the change.
    const recorded = await people.eventsOf(alice, 'authn_step_up', 'authn_password_change');
    expect(recorded.at(-1)).toMatchObject({ event_type: 'authn_password_change' });
    expect(recorded).toHaveLength(1 + proofs.filter(({ status }) => status === 200).length);
    expect((await stepUp(alice, { password: alice.password })).status).toBe(401);
    expect((await stepUp(alice, { password: replacement })).status).toBe(200);
  });

  it('is locked by wrong passwords and by wrong codes, in this session alone', async () => {
    const limited = await startTestServer({
      env: { LOGIN_FAIL_EMAIL_THRESHOLD: '3' },
      database: server.database,
    });
    people.alsoStop(limited);
    try {
      const alice = await people.withApp();
      const elsewhere = await people.logInWithApp(alice);
      const tryAs = async (actor: { token: string }, body: object) =>
        refusalOf(await limited.as(actor).post('/auth/step-up', body));
      const locked = { status: 429, code: 'LOCKED_OUT' };
      for (let tries = 0; tries < 3; tries += 1) await tryAs(alice, { password: 'not the password' });
      expect(await tryAs(alice, { password: alice.password })).toEqual(locked);
      for (let tries = 0; tries < 3; tries += 1) await tryAs(alice, { code: alice.app.wrongCode() });
      people.time.pass(60);
      expect(await tryAs(alice, { code: alice.app.freshCode() })).toEqual(locked);
      people.time.pass(60);
      expect(await tryAs(elsewhere, { code: alice.app.freshCode() })).toMatchObject({ status: 200 });
    } finally {
      await limited.close();
    }
  });
});
