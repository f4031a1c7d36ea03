import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import { UserLifecycle } from '../../../src/users/user-lifecycle.js';
import { Clock } from '../../../src/common/clock.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { enrol } from '../../support/authenticator.js';
import { codeTo, moveTo, revertTokenTo, signUpVerified } from '../../support/mailed-codes.js';
import { outcome } from '../../support/outcome.js';
import { collectNotices } from '../../support/notices.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
let notices: SecurityNotice[];
beforeAll(async () => {
  server = await startTestServer();
  notices = collectNotices(server);
});
afterAll(() => server.close());
afterEach(() => {
  notices.length = 0;
});

const newAddress = () => `${unique()}@example.com`;
const INVALID = [400, 'CODE_INVALID'];
const info = async (actor: Pick<Actor, 'token'>) => (await server.as(actor).get('/users/info')).body;
const kindsTo = async (address: string) => (await server.mailsTo(address)).map(({ kind }) => kind);
const revert = (token: string) => server.api.post('/auth/email/revert', { token });
const confirm = (actor: Pick<Actor, 'token'>, code: string) =>
  server.as(actor).post('/auth/email/confirm-change', { code });

async function reset(email: string): Promise<Answer> {
  await server.api.post('/auth/password-reset/request', { email });
  const code = await codeTo(server, email, 'passwordReset');
  return server.api.post('/auth/password-reset/confirm', { email, code, new_password: PASSWORD });
}

describe('the way back', () => {
  it('puts the address back, ends every session and takes the password away', async () => {
    const alice = await signUpVerified(server);
    const thief = newAddress();
    await moveTo(server, alice, thief);
    const mail = (await server.mailsTo(alice.email)).at(-1)!;
    expect(mail.text).toContain('http://localhost:8000/app/email-revert#token=');
    expect(mail.text).not.toContain(thief);
    const answer = await revert(await revertTokenTo(server, alice.email));
    expect(answer.status).toBe(200);
    expect((await server.as(alice).get('/users/info')).status).toBe(401);
    for (const email of [alice.email, thief])
      await expect(server.logIn({ email, password: alice.password })).rejects.toThrow();
    expect((await reset(alice.email)).status).toBe(200);
    const token = await server.logIn({ email: alice.email, password: PASSWORD });
    expect(await info({ token })).toMatchObject({ id: alice.id, email: alice.email, email_verified: true });
    expect(notices).toContainEqual({ kind: 'email_reverted', userId: alice.id });
    const { rows } = await server.sql.query<{ event_type: string }>(
      `SELECT event_type FROM audit_events WHERE subject_id = $1 AND event_type LIKE 'user_email%' ORDER BY id`,
      [alice.id],
    );
    expect(rows.map(({ event_type: type }) => type)).toEqual([
      'user_email_verified',
      'user_email_change_request',
      'user_email_reverted',
    ]);
  });

  it('leaves an authenticator app in place, or the old mailbox alone would get round it', async () => {
    const alice = await enrol(server.api, server.app.get(Clock), await signUpVerified(server));
    await moveTo(server, alice, newAddress());
    expect((await revert(await revertTokenTo(server, alice.email))).status).toBe(200);
    expect((await reset(alice.email)).status).toBe(200);
    const login = await server.api.post('/users/login', { email: alice.email, password: PASSWORD });
    expect([login.status, login.body.mfa_required]).toEqual([200, true]);
  });

  it('distrusts all that was set up by whoever could get in, in whatever session', async () => {
    const alice = await signUpVerified(server);
    const told: Date[] = [];
    server.app.get(UserLifecycle).on('accountTakenBack', (_, { userId, since }) => {
      if (userId === alice.id) told.push(since);
      return Promise.resolve();
    });
    await moveTo(server, alice, newAddress());
    expect((await revert(await revertTokenTo(server, alice.email))).status).toBe(200);
    expect(told).toEqual([new Date(0)]);
  });

  it('leaves the password where no mails are sent: nobody could set another one', async () => {
    const alice = await signUpVerified(server);
    await moveTo(server, alice, newAddress());
    const token = await revertTokenTo(server, alice.email);
    const mute = await startTestServer({ database: server.database, env: { MAIL_DISABLED: 'true' } });
    try {
      const { status, body } = await mute.api.post('/auth/email/revert', { token });
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          message: 'The address is back and every session has ended. Log in and change your password.',
        },
      });
      expect((await mute.as(alice).get('/users/info')).status).toBe(401);
      expect(await mute.logIn(alice)).toEqual(expect.any(String));
    } finally {
      await mute.close();
    }
  });

  it('says in its letter that passkeys are removed', async () => {
    const alice = await signUpVerified(server);
    await moveTo(server, alice, newAddress());
    await revert(await revertTokenTo(server, alice.email));
    expect((await server.mailsTo(alice.email)).at(-1)!.text.replaceAll('\n', ' ')).toContain(
      'password and passkeys were removed',
    );
  });

  it('works once, also when a hundred take it at the same time', async () => {
    const alice = await signUpVerified(server);
    await moveTo(server, alice, newAddress());
    const token = await revertTokenTo(server, alice.email);
    const answers = await Promise.all(Array.from({ length: 100 }, () => revert(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error?.code === 'CODE_INVALID')).toHaveLength(99);
    expect((await kindsTo(alice.email)).filter((kind) => kind === 'emailReverted')).toHaveLength(1);
  });

  it('voids a reset that is under way at the new address', async () => {
    const alice = await signUpVerified(server);
    const thief = newAddress();
    await moveTo(server, alice, thief);
    await server.api.post('/auth/password-reset/request', { email: thief });
    const code = await codeTo(server, thief, 'passwordReset');
    await revert(await revertTokenTo(server, alice.email));
    for (const email of [thief, alice.email])
      expect(
        outcome(
          await server.api.post('/auth/password-reset/confirm', { email, code, new_password: PASSWORD }),
        ),
      ).toEqual(INVALID);
  });

  it('leads past every later address, from which nothing leads anywhere any more', async () => {
    const alice = await signUpVerified(server);
    const [second, third] = [newAddress(), newAddress()];
    await moveTo(server, alice, second);
    await moveTo(server, alice, third);
    const ofSecond = await revertTokenTo(server, second);
    expect((await revert(await revertTokenTo(server, alice.email))).status).toBe(200);
    expect(outcome(await revert(ofSecond))).toEqual(INVALID);
    const { rows } = await server.sql.query('SELECT email FROM users WHERE id = $1', [alice.id]);
    expect(rows).toEqual([{ email: alice.email }]);
  });

  it('from an address in between leaves the older one open', async () => {
    const alice = await signUpVerified(server);
    const [second, third] = [newAddress(), newAddress()];
    await moveTo(server, alice, second);
    await moveTo(server, alice, third);
    expect((await revert(await revertTokenTo(server, second))).status).toBe(200);
    expect((await revert(await revertTokenTo(server, alice.email))).status).toBe(200);
    const { rows } = await server.sql.query('SELECT email FROM users WHERE id = $1', [alice.id]);
    expect(rows).toEqual([{ email: alice.email }]);
  });

  it('outlives a change and a reset of the password at the new address', async () => {
    const alice = await signUpVerified(server);
    const thief = newAddress();
    await moveTo(server, alice, thief);
    expect((await reset(thief)).status).toBe(200);
    expect((await revert(await revertTokenTo(server, alice.email))).status).toBe(200);
  });

  it('cannot be barred: nobody else registers or moves to the address for seven days', async () => {
    const alice = await signUpVerified(server);
    await moveTo(server, alice, newAddress());
    const body = { name: 'Mallory', email: alice.email, password: PASSWORD };
    expect(outcome(await server.api.post('/users/register', body))).toEqual([400, 'USER_EXISTS']);
    const mallory = await signUpVerified(server);
    expect(outcome(await moveTo(server, mallory, alice.email))).toEqual([400, 'USER_EXISTS']);
    await server.sql.query(`UPDATE email_reverts SET expires_at = now() WHERE user_id = $1`, [alice.id]);
    expect((await server.api.post('/users/register', body)).status).toBe(201);
  });

  it('cannot be barred by a registration at the moment of the move either', async () => {
    for (let round = 0; round < 10; round += 1) {
      const alice = await signUpVerified(server);
      const next = newAddress();
      await server.as(alice).patch('/users', { email: next });
      const code = await codeTo(server, next, 'changeEmail');
      const body = { name: 'Mallory', email: alice.email, password: PASSWORD };
      const [moved, ...registered] = await Promise.all([
        confirm(alice, code),
        ...Array.from({ length: 4 }, () => server.api.post('/users/register', body)),
      ]);
      expect(moved.status).toBe(200);
      for (const answer of registered) expect(outcome(answer)).toEqual([400, 'USER_EXISTS']);
    }
  });

  it('ends after seven days', async () => {
    const alice = await signUpVerified(server);
    await moveTo(server, alice, newAddress());
    const token = await revertTokenTo(server, alice.email);
    const { rows } = await server.sql.query<{ days: number }>(
      `SELECT round(extract(epoch FROM expires_at - now()) / 86400)::int AS days FROM email_reverts WHERE user_id = $1`,
      [alice.id],
    );
    expect(rows).toEqual([{ days: 7 }]);
    await server.sql.query('UPDATE email_reverts SET expires_at = now() WHERE user_id = $1', [alice.id]);
    expect(outcome(await revert(token))).toEqual(INVALID);
  });

  it('is opened by nothing else', async () => {
    const alice = await signUpVerified(server);
    await moveTo(server, alice, newAddress());
    const token = await revertTokenTo(server, alice.email);
    for (const wrong of ['x', 'A'.repeat(43), token.toLowerCase(), `${token} `, alice.token.slice(0, 43)])
      expect(outcome(await revert(wrong))).toEqual(INVALID);
    expect((await revert(token)).status).toBe(200);
  });
});
