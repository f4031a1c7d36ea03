import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import { Clock } from '../../../src/common/clock.js';
import type { Actor } from '../../support/api-client.js';
import { eventsOf } from '../../support/audited.js';
import { enrol, passPassword } from '../../support/authenticator.js';
import { codesTo, codeTo, otherThan, signUpVerified } from '../../support/mailed-codes.js';
import { collectNotices } from '../../support/notices.js';
import { outcome } from '../../support/outcome.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { NEW_PASSWORD, PasswordResets } from '../../support/password-resets.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let resets: PasswordResets;
let notices: SecurityNotice[];
beforeAll(async () => {
  server = await startTestServer();
  resets = new PasswordResets(server);
  notices = collectNotices(server);
});
afterAll(() => server.close());
afterEach(() => {
  notices.length = 0;
});

const INVALID = [400, 'CODE_INVALID'];

/** What the owner is told once it is done. */
const letterAbout = async ({ email }: Actor) =>
  (await server.mailsTo(email)).find(({ kind }) => kind === 'passwordResetDone')!.text.replaceAll('\n', ' ');

describe('a forgotten password', () => {
  it('is set anew with the code that is mailed', async () => {
    const alice = await server.signUp();
    const answer = await resets.confirm(alice.email, await resets.askFor(alice.email));
    expect([answer.status, answer.body]).toEqual([
      200,
      { message: 'The password is set; every session has ended. Log in with it.' },
    ]);
    await expect(server.logIn(alice)).rejects.toThrow();
    expect(await server.logIn({ email: alice.email, password: NEW_PASSWORD })).toEqual(expect.any(String));
  });

  it('is set with the code as the mail shows it and without the space', async () => {
    const alice = await server.signUp();
    const code = await resets.askFor(alice.email);
    expect(code).toMatch(/^\d{4} \d{4}$/);
    expect((await resets.confirm(alice.email, code.replace(' ', ''))).status).toBe(200);
  });

  it('logs nobody in: the answer carries no token, and every session has ended', async () => {
    const alice = await server.signUp();
    const other = await server.logIn(alice);
    const answer = await resets.confirm(alice.email, await resets.askFor(alice.email));
    expect(JSON.stringify(answer.body)).not.toMatch(/token/);
    expect(answer.headers.get('set-cookie')).toBeNull();
    for (const token of [alice.token, other])
      expect((await server.as({ token }).get('/users/info')).status).toBe(401);
    expect(await eventsOf(server, alice, 'authn_token_revoked')).toEqual([
      {
        event_type: 'authn_token_revoked',
        actor_id: alice.id,
        details: { reason: 'password-reset', sessions: 2 },
      },
    ]);
  });

  it('proves the address, which is verified from then on', async () => {
    const alice = await server.signUp();
    await resets.confirm(alice.email, await resets.askFor(alice.email));
    const token = await server.logIn({ email: alice.email, password: NEW_PASSWORD });
    expect((await server.as({ token }).get('/users/info')).body.email_verified).toBe(true);
  });

  it('of an account whose address nobody had verified takes what whoever registered it had set up', async () => {
    const [stranger, verified] = [await server.signUp(), await server.signUp()];
    await server.sql.query('UPDATE users SET email_verified_at = now() WHERE id = $1', [verified.id]);
    for (const actor of [stranger, verified]) {
      const passkeys = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
      expect((await passkeys.register(actor)).status).toBe(201);
      await enrol(server.api, server.app.get(Clock), actor);
      await resets.confirm(actor.email, await resets.askFor(actor.email));
    }
    const factors = async ({ id }: Actor) =>
      (
        await server.sql.query(
          `SELECT (SELECT count(*)::int FROM passkeys WHERE user_id = $1) AS passkeys,
                  (SELECT count(*)::int FROM mfa_totp WHERE user_id = $1) AS apps`,
          [id],
        )
      ).rows[0];
    expect(await factors(stranger)).toEqual({ passkeys: 0, apps: 0 });
    expect(await factors(verified)).toEqual({ passkeys: 1, apps: 1 });
    const removed = 'The second factors and passkeys of your account were removed';
    expect(await letterAbout(stranger)).toContain(removed);
    expect(await letterAbout(verified)).not.toContain(removed);
    expect(await eventsOf(server, stranger, 'authn_mfa_reset')).toMatchObject([
      { details: { had_any: true } },
    ]);
    expect(await eventsOf(server, stranger, 'passkey_removed')).toHaveLength(1);
    expect(await eventsOf(server, verified, 'authn_mfa_reset')).toEqual([]);
  });

  it('of an account that nobody was ever asked to verify takes nothing: it is from before there were mails', async () => {
    const older = await server.signUp();
    await server.sql.query('UPDATE users SET verification_sent_at = NULL WHERE id = $1', [older.id]);
    const enrolled = await enrol(server.api, server.app.get(Clock), older);
    await resets.confirm(older.email, await resets.askFor(older.email));
    expect(await passPassword(server.api, { ...enrolled, password: NEW_PASSWORD })).toEqual(
      expect.any(String),
    );
    expect(await letterAbout(older)).not.toContain('were removed');
  });

  it('of an account that nobody had verified, and that had no second factor, says nothing of any', async () => {
    const stranger = await server.signUp();
    await resets.confirm(stranger.email, await resets.askFor(stranger.email));
    expect(await letterAbout(stranger)).not.toContain('were removed');
    expect(await eventsOf(server, stranger, 'authn_mfa_reset')).toEqual([]);
  });

  it('ends every other code of the account, and what waited for one', async () => {
    const alice = await server.signUp();
    const next = `${unique()}@example.com`;
    await server.as(alice).patch('/users', { email: next });
    const [verification, change] = [
      await codeTo(server, alice.email, 'verifyEmail'),
      await codeTo(server, next, 'changeEmail'),
    ];
    await resets.confirm(alice.email, await resets.askFor(alice.email));
    const token = await server.logIn({ email: alice.email, password: NEW_PASSWORD });
    const api = server.as({ token });
    expect((await api.get('/users/info')).body.pending_email).toBeNull();
    expect(outcome(await api.post('/auth/email/verify', { code: verification }))).toEqual(INVALID);
    expect(outcome(await api.post('/auth/email/confirm-change', { code: change }))).toEqual(INVALID);
  });

  it('is set for an account that never had one', async () => {
    const alice = await server.signUp();
    await server.sql.query('UPDATE users SET password_hash = NULL WHERE id = $1', [alice.id]);
    expect((await resets.confirm(alice.email, await resets.askFor(alice.email))).status).toBe(200);
    expect(await server.logIn({ email: alice.email, password: NEW_PASSWORD })).toEqual(expect.any(String));
  });

  it('is told to the owner, in a mail without any code, and stands in the audit log', async () => {
    const alice = await server.signUp();
    await resets.confirm(alice.email, await resets.askFor(alice.email));
    const mails = await server.mailsTo(alice.email);
    const done = mails.find(({ kind }) => kind === 'passwordResetDone');
    expect(done?.subject).toBe('Your MC101 password was reset');
    expect(done?.text).not.toMatch(/\d{4} \d{4}/);
    expect(notices).toEqual([{ kind: 'password_reset', userId: alice.id, factorsRemoved: false }]);
    expect(await eventsOf(server, alice, 'authn_password_reset_request')).toMatchObject([
      { details: { mailed: true } },
    ]);
    expect(await eventsOf(server, alice, 'authn_password_reset')).toMatchObject([{ actor_id: alice.id }]);
  });

  it('leaves the second factor in place, which the login after it asks for', async () => {
    const alice = await enrol(server.api, server.app.get(Clock), await signUpVerified(server));
    expect((await resets.confirm(alice.email, await resets.askFor(alice.email))).status).toBe(200);
    const token = await passPassword(server.api, { email: alice.email, password: NEW_PASSWORD });
    const completed = await server.api.post('/auth/mfa/complete', {
      mfa_token: token,
      backup_code: alice.backupCodes[0],
    });
    expect(completed.status).toBe(200);
  });

  it('voids a login that waits for its second factor', async () => {
    const alice = await enrol(server.api, server.app.get(Clock), await server.signUp());
    const waiting = await passPassword(server.api, alice);
    await resets.confirm(alice.email, await resets.askFor(alice.email));
    const completed = await server.api.post('/auth/mfa/complete', {
      mfa_token: waiting,
      backup_code: alice.backupCodes[0],
    });
    expect(outcome(completed)).toEqual([401, 'MFA_TOKEN_INVALID']);
  });

  it('can be begun by an admin for somebody, who sees no code and chooses no password', async () => {
    const [alice, admin] = [await server.signUp(), await server.signUpAdmin()];
    const answer = await server.as(admin).post('/auth/password-reset/request', { email: alice.email });
    expect([answer.status, Object.keys(answer.body)]).toEqual([202, ['message']]);
    const code = await resets.codeFor(alice.email);
    expect(JSON.stringify(answer.body)).not.toContain(code.replace(' ', ''));
    expect(await codesTo(server, admin.email, 'passwordReset')).toEqual([]);
    for (const field of ['password', 'new_password', 'password_hash'])
      expect(
        (await server.as(admin).patch(`/admin/users/${alice.id}`, { [field]: NEW_PASSWORD })).status,
      ).toBe(422);
  });

  it('clears the lockouts of the account', async () => {
    const locking = await startTestServer({
      database: server.database,
      env: { LOGIN_FAIL_EMAIL_THRESHOLD: '3' },
    });
    try {
      const alice = await server.signUp();
      const logIn = (password: string) => locking.api.post('/users/login', { email: alice.email, password });
      for (let n = 0; n < 3; n += 1) await logIn('not the password at all');
      expect(outcome(await logIn(alice.password))).toEqual([429, 'LOCKED_OUT']);
      expect((await resets.confirm(alice.email, await resets.askFor(alice.email))).status).toBe(200);
      expect((await logIn(NEW_PASSWORD)).status).toBe(200);
    } finally {
      await locking.close();
    }
  });

  it('that is too weak is refused without a try, and says nothing before the code is right', async () => {
    const alice = await server.signUp({ name: 'Quillonia Vastergardian' });
    const code = await resets.askFor(alice.email);
    for (let n = 0; n < 7; n += 1)
      expect(outcome(await resets.confirm(alice.email, code, 'password'))).toEqual([422, 'WEAK_PASSWORD']);
    const ofTheName = 'quilloniavastergardian';
    expect(outcome(await resets.confirm(alice.email, otherThan(code), ofTheName))).toEqual(INVALID);
    for (let n = 0; n < 5; n += 1)
      expect(outcome(await resets.confirm(alice.email, code, ofTheName))).toEqual([422, 'WEAK_PASSWORD']);
    expect((await resets.confirm(alice.email, code)).status).toBe(200);
  });
});
