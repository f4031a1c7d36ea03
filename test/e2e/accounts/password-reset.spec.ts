import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import { PasswordHasher } from '../../../src/auth/passwords/password-hasher.js';
import { BusyError } from '../../../src/common/errors/common.errors.js';
import { Clock } from '../../../src/common/clock.js';
import type { Actor } from '../../support/api-client.js';
import { enrol, passPassword } from '../../support/authenticator.js';
import {
  codesTo,
  codeTo,
  moveTo,
  otherThan,
  signUpVerified,
  verifyEmail,
} from '../../support/mailed-codes.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { eventsOf } from '../../support/audited.js';
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

const request = (email: string, at = server) => at.api.post('/auth/password-reset/request', { email });
const confirm = (email: string, code: string, password = PASSWORD, at = server) =>
  at.api.post('/auth/password-reset/confirm', { email, code, new_password: password });
const codeFor = (email: string) => codeTo(server, email, 'passwordReset');

async function askFor(email: string): Promise<string> {
  expect((await request(email)).status).toBe(202);
  return codeFor(email);
}

const INVALID = [400, 'CODE_INVALID'];

/** What the owner is told once it is done. */
const letterAbout = async ({ email }: Actor) =>
  (await server.mailsTo(email)).find(({ kind }) => kind === 'passwordResetDone')!.text.replaceAll('\n', ' ');

describe('a forgotten password', () => {
  it('is set anew with the code that is mailed', async () => {
    const alice = await server.signUp();
    const answer = await confirm(alice.email, await askFor(alice.email));
    expect([answer.status, answer.body]).toEqual([
      200,
      { message: 'The password is set; every session has ended. Log in with it.' },
    ]);
    await expect(server.logIn(alice)).rejects.toThrow();
    expect(await server.logIn({ email: alice.email, password: PASSWORD })).toEqual(expect.any(String));
  });

  it('is set with the code as the mail shows it and without the space', async () => {
    const alice = await server.signUp();
    const code = await askFor(alice.email);
    expect(code).toMatch(/^\d{4} \d{4}$/);
    expect((await confirm(alice.email, code.replace(' ', ''))).status).toBe(200);
  });

  it('logs nobody in: the answer carries no token, and every session has ended', async () => {
    const alice = await server.signUp();
    const other = await server.logIn(alice);
    const answer = await confirm(alice.email, await askFor(alice.email));
    expect(JSON.stringify(answer.body)).not.toMatch(/token/);
    expect(answer.headers.get('set-cookie')).toBeNull();
    for (const token of [alice.token, other])
      expect((await server.as({ token }).get('/users/info')).status).toBe(401);
    expect(await eventsOf(server, alice, 'authn_token_revoked')).toEqual([
      { actor_id: alice.id, details: { reason: 'password-reset', sessions: 2 } },
    ]);
  });

  it('proves the address, which is verified from then on', async () => {
    const alice = await server.signUp();
    await confirm(alice.email, await askFor(alice.email));
    const token = await server.logIn({ email: alice.email, password: PASSWORD });
    expect((await server.as({ token }).get('/users/info')).body.email_verified).toBe(true);
  });

  it('of an account whose address nobody had verified takes what whoever registered it had set up', async () => {
    const [stranger, verified] = [await server.signUp(), await server.signUp()];
    await server.sql.query('UPDATE users SET email_verified_at = now() WHERE id = $1', [verified.id]);
    for (const actor of [stranger, verified]) {
      const passkeys = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
      expect((await passkeys.register(actor)).status).toBe(201);
      await enrol(server.api, server.app.get(Clock), actor);
      await confirm(actor.email, await askFor(actor.email));
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
    await confirm(older.email, await askFor(older.email));
    expect(await passPassword(server.api, { ...enrolled, password: PASSWORD })).toEqual(expect.any(String));
    expect(await letterAbout(older)).not.toContain('were removed');
  });

  it('of an account that nobody had verified, and that had no second factor, says nothing of any', async () => {
    const stranger = await server.signUp();
    await confirm(stranger.email, await askFor(stranger.email));
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
    await confirm(alice.email, await askFor(alice.email));
    const token = await server.logIn({ email: alice.email, password: PASSWORD });
    const api = server.as({ token });
    expect((await api.get('/users/info')).body.pending_email).toBeNull();
    expect(outcome(await api.post('/auth/email/verify', { code: verification }))).toEqual(INVALID);
    expect(outcome(await api.post('/auth/email/confirm-change', { code: change }))).toEqual(INVALID);
  });

  it('is set for an account that never had one', async () => {
    const alice = await server.signUp();
    await server.sql.query('UPDATE users SET password_hash = NULL WHERE id = $1', [alice.id]);
    expect((await confirm(alice.email, await askFor(alice.email))).status).toBe(200);
    expect(await server.logIn({ email: alice.email, password: PASSWORD })).toEqual(expect.any(String));
  });

  it('is told to the owner, in a mail without any code, and stands in the audit log', async () => {
    const alice = await server.signUp();
    await confirm(alice.email, await askFor(alice.email));
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
    expect((await confirm(alice.email, await askFor(alice.email))).status).toBe(200);
    const token = await passPassword(server.api, { email: alice.email, password: PASSWORD });
    const completed = await server.api.post('/auth/mfa/complete', {
      mfa_token: token,
      backup_code: alice.backupCodes[0],
    });
    expect(completed.status).toBe(200);
  });

  it('voids a login that waits for its second factor', async () => {
    const alice = await enrol(server.api, server.app.get(Clock), await server.signUp());
    const waiting = await passPassword(server.api, alice);
    await confirm(alice.email, await askFor(alice.email));
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
    const code = await codeFor(alice.email);
    expect(JSON.stringify(answer.body)).not.toContain(code.replace(' ', ''));
    expect(await codesTo(server, admin.email, 'passwordReset')).toEqual([]);
    for (const field of ['password', 'new_password', 'password_hash'])
      expect((await server.as(admin).patch(`/admin/users/${alice.id}`, { [field]: PASSWORD })).status).toBe(
        422,
      );
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
      expect((await confirm(alice.email, await askFor(alice.email))).status).toBe(200);
      expect((await logIn(PASSWORD)).status).toBe(200);
    } finally {
      await locking.close();
    }
  });

  it('that is too weak is refused without a try, and says nothing before the code is right', async () => {
    const alice = await server.signUp({ name: 'Quillonia Vastergardian' });
    const code = await askFor(alice.email);
    for (let n = 0; n < 7; n += 1)
      expect(outcome(await confirm(alice.email, code, 'password'))).toEqual([422, 'WEAK_PASSWORD']);
    const ofTheName = 'quilloniavastergardian';
    expect(outcome(await confirm(alice.email, otherThan(code), ofTheName))).toEqual(INVALID);
    for (let n = 0; n < 5; n += 1)
      expect(outcome(await confirm(alice.email, code, ofTheName))).toEqual([422, 'WEAK_PASSWORD']);
    expect((await confirm(alice.email, code)).status).toBe(200);
  });
});

describe('the code of a reset', () => {
  it('works once, also when a hundred use it at the same time', async () => {
    const alice = await server.signUp();
    const code = await askFor(alice.email);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => confirm(alice.email, code, `${PASSWORD} ${n}`)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error?.code === 'CODE_INVALID')).toHaveLength(99);
    expect(await eventsOf(server, alice, 'authn_password_reset')).toHaveLength(1);
    expect(outcome(await confirm(alice.email, code))).toEqual(INVALID);
  });

  it('is gone after five wrong ones, however many are tried at once', async () => {
    const alice = await server.signUp();
    const code = await askFor(alice.email);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => confirm(alice.email, otherThan(code))),
    );
    for (const answer of answers) expect(outcome(answer)).toEqual(INVALID);
    expect(outcome(await confirm(alice.email, code))).toEqual(INVALID);
    // Each that was looked at is in the log, and no more.
    expect(await eventsOf(server, alice, 'authn_password_reset_fail')).toHaveLength(5);
  });

  it('lasts for as long as PASSWORD_RESET_EXPIRE_MINUTES says, ten unless it is set', async () => {
    const longer = await startTestServer({
      database: server.database,
      env: { PASSWORD_RESET_EXPIRE_MINUTES: '30' },
    });
    const minutesOf = async (at: TestServer) => {
      const alice = await server.signUp();
      await request(alice.email, at);
      const { rows } = await server.sql.query<{ minutes: number }>(
        `SELECT round(extract(epoch FROM expires_at - now()) / 60)::int AS minutes FROM one_time_codes
         WHERE user_id = $1 AND purpose = 'reset_password'`,
        [alice.id],
      );
      const mails = await server.mailsTo(alice.email);
      return [rows[0]!.minutes, /within (\d+) minutes/.exec(mails.at(-1)!.text)?.[1]];
    };
    try {
      expect(await minutesOf(server)).toEqual([10, '10']);
      expect(await minutesOf(longer)).toEqual([30, '30']);
    } finally {
      await longer.close();
    }
  });

  it('is refused once it has expired', async () => {
    const alice = await server.signUp();
    const code = await askFor(alice.email);
    await server.sql.query('UPDATE one_time_codes SET expires_at = now() WHERE user_id = $1', [alice.id]);
    expect(outcome(await confirm(alice.email, code))).toEqual(INVALID);
  });

  it('loses no try to a rush', async () => {
    const alice = await server.signUp();
    const code = await askFor(alice.email);
    const hash = jest.spyOn(server.app.get(PasswordHasher), 'hash').mockRejectedValue(new BusyError());
    for (let n = 0; n < 5; n += 1) expect(outcome(await confirm(alice.email, code))).toEqual([503, 'BUSY']);
    hash.mockRestore();
    expect((await confirm(alice.email, code)).status).toBe(200);
  });

  it('is void once there is a newer one, which has all its tries', async () => {
    const alice = await server.signUp();
    const first = await askFor(alice.email);
    for (let n = 0; n < 4; n += 1) await confirm(alice.email, otherThan(first));
    const second = await askFor(alice.email);
    if (first !== second) expect(outcome(await confirm(alice.email, first))).toEqual(INVALID);
    expect((await confirm(alice.email, second)).status).toBe(200);
  });

  it('opens nothing else, and no other code opens a reset', async () => {
    const alice = await server.signUp();
    const reset = await askFor(alice.email);
    const verification = await codeTo(server, alice.email, 'verifyEmail');
    expect(outcome(await server.as(alice).post('/auth/email/verify', { code: reset }))).toEqual(INVALID);
    expect(outcome(await confirm(alice.email, verification))).toEqual(INVALID);
    const bob = await server.signUp();
    await askFor(bob.email);
    expect(outcome(await confirm(bob.email, reset))).toEqual(INVALID);
    expect((await confirm(alice.email, reset)).status).toBe(200);
  });

  it('never counts as a failed login', async () => {
    const locking = await startTestServer({
      database: server.database,
      env: { LOGIN_FAIL_EMAIL_THRESHOLD: '2', RL_LOGIN_EMAIL_LIMIT: '2' },
    });
    try {
      const alice = await server.signUp();
      const code = await askFor(alice.email);
      for (let n = 0; n < 5; n += 1) await confirm(alice.email, otherThan(code), PASSWORD, locking);
      expect(
        (await locking.api.post('/users/login', { email: alice.email, password: alice.password })).status,
      ).toBe(200);
    } finally {
      await locking.close();
    }
  });

  it.each([
    [
      'a change of the password',
      (api: Actor) =>
        server
          .as(api)
          .post('/users/change-password', { current_password: api.password, new_password: PASSWORD }),
    ],
    [
      'disabling the account',
      async (alice: Actor) => {
        const admin = server.as(await server.signUpAdmin());
        await admin.patch(`/admin/users/${alice.id}`, { is_active: false });
        return admin.patch(`/admin/users/${alice.id}`, { is_active: true });
      },
    ],
    [
      'a change of the address',
      async (alice: Actor) => {
        await verifyEmail(server, alice);
        return moveTo(server, alice, `${unique()}@example.com`);
      },
    ],
  ])('is ended by %s', async (_, act) => {
    const alice = await server.signUp();
    const code = await askFor(alice.email);
    expect((await act(alice)).status).toBe(200);
    expect(outcome(await confirm(alice.email, code, `${PASSWORD} again`))).toEqual(INVALID);
  });

  it.each(['1234567', '123456789', 'abcdefgh', '１２３４５６７８', '1234  5678', ''])(
    'is refused as %j by its form',
    async (code) => {
      const answer = await confirm('nobody@example.com', code);
      expect(answer.status).toBe(422);
      expect(answer.body.error.details.fields).toMatchObject([{ field: 'code' }]);
    },
  );
});

describe('a mail with a code', () => {
  it('goes to the address as the account has it, not as it was typed', async () => {
    const mine = `Stra\u00dfe-${unique()}@example.com`;
    await server.signUp({ email: mine });
    const typed = mine.replace('Stra\u00dfe', 'STRASSE');
    expect((await request(typed)).status).toBe(202);
    expect(await codesTo(server, typed, 'passwordReset')).toEqual([]);
    expect((await confirm(typed, await codeFor(mine))).status).toBe(200);
  });

  it('is not sent for a disabled account, nor where there is none', async () => {
    const alice = await server.signUp();
    await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [alice.id]);
    const nobody = `${unique()}@example.com`;
    for (const email of [alice.email, nobody]) {
      expect((await request(email)).status).toBe(202);
      expect(await codesTo(server, email, 'passwordReset')).toEqual([]);
    }
  });

  it('has its code in no log line and no readable column', async () => {
    const alice = await server.signUp();
    const code = await askFor(alice.email);
    await confirm(alice.email, otherThan(code));
    const digits = code.replace(' ', '');
    const { rows } = await server.sql.query<{ row: string }>(
      `SELECT row_to_json(c)::text AS row FROM one_time_codes c UNION ALL
       SELECT row_to_json(m)::text FROM mail_messages m UNION ALL
       SELECT row_to_json(j)::text FROM pgboss.job j UNION ALL SELECT row_to_json(a)::text FROM audit_events a`,
    );
    expect(rows.length).toBeGreaterThan(3);
    for (const text of [server.log(), ...rows.map(({ row }) => row)]) {
      expect(text).not.toContain(digits);
      expect(text).not.toContain(code);
    }
  });
});

describe('where no mails are sent', () => {
  it('a reset is refused alike for everybody, and registration asks for no proof', async () => {
    const mute = await startTestServer({ database: server.database, env: { MAIL_DISABLED: 'true' } });
    try {
      const alice = await mute.signUp();
      for (const email of [alice.email, 'nobody@example.com'])
        expect(outcome(await request(email, mute))).toEqual([409, 'MAIL_UNAVAILABLE']);
      expect(outcome(await mute.as(alice).post('/auth/email/resend'))).toEqual([409, 'MAIL_UNAVAILABLE']);
      expect(outcome(await mute.as(alice).patch('/users', { email: 'new@example.com' }))).toEqual([
        409,
        'EMAIL_CHANGE_UNAVAILABLE',
      ]);
      const { rows } = await server.sql.query('SELECT FROM one_time_codes WHERE user_id = $1', [alice.id]);
      expect(rows).toEqual([]);
    } finally {
      await mute.close();
    }
  });
});
