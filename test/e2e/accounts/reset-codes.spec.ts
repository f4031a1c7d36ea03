import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PasswordHasher } from '../../../src/auth/passwords/password-hasher.js';
import { BusyError } from '../../../src/common/errors/common.errors.js';
import type { Actor } from '../../support/api-client.js';
import { eventsOf } from '../../support/audited.js';
import { codesTo, codeTo, moveTo, otherThan, verifyEmail } from '../../support/mailed-codes.js';
import { outcome } from '../../support/outcome.js';
import { NEW_PASSWORD, PasswordResets } from '../../support/password-resets.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let resets: PasswordResets;
beforeAll(async () => {
  server = await startTestServer();
  resets = new PasswordResets(server);
});
afterAll(() => server.close());

const INVALID = [400, 'CODE_INVALID'];

describe('the code of a reset', () => {
  it('works once, also when a hundred use it at the same time', async () => {
    const alice = await server.signUp();
    const code = await resets.askFor(alice.email);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => resets.confirm(alice.email, code, `${NEW_PASSWORD} ${n}`)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error?.code === 'CODE_INVALID')).toHaveLength(99);
    expect(await eventsOf(server, alice, 'authn_password_reset')).toHaveLength(1);
    expect(outcome(await resets.confirm(alice.email, code))).toEqual(INVALID);
  });

  it('is gone after five wrong ones, however many are tried at once', async () => {
    const alice = await server.signUp();
    const code = await resets.askFor(alice.email);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => resets.confirm(alice.email, otherThan(code))),
    );
    for (const answer of answers) expect(outcome(answer)).toEqual(INVALID);
    expect(outcome(await resets.confirm(alice.email, code))).toEqual(INVALID);
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
      await resets.request(alice.email, at);
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
    const code = await resets.askFor(alice.email);
    await server.sql.query('UPDATE one_time_codes SET expires_at = now() WHERE user_id = $1', [alice.id]);
    expect(outcome(await resets.confirm(alice.email, code))).toEqual(INVALID);
  });

  it('loses no try to a rush', async () => {
    const alice = await server.signUp();
    const code = await resets.askFor(alice.email);
    const hash = jest.spyOn(server.app.get(PasswordHasher), 'hash').mockRejectedValue(new BusyError());
    for (let n = 0; n < 5; n += 1)
      expect(outcome(await resets.confirm(alice.email, code))).toEqual([503, 'BUSY']);
    hash.mockRestore();
    expect((await resets.confirm(alice.email, code)).status).toBe(200);
  });

  it('is void once there is a newer one, which has all its tries', async () => {
    const alice = await server.signUp();
    const first = await resets.askFor(alice.email);
    for (let n = 0; n < 4; n += 1) await resets.confirm(alice.email, otherThan(first));
    const second = await resets.askFor(alice.email);
    if (first !== second) expect(outcome(await resets.confirm(alice.email, first))).toEqual(INVALID);
    expect((await resets.confirm(alice.email, second)).status).toBe(200);
  });

  it('opens nothing else, and no other code opens a reset', async () => {
    const alice = await server.signUp();
    const reset = await resets.askFor(alice.email);
    const verification = await codeTo(server, alice.email, 'verifyEmail');
    expect(outcome(await server.as(alice).post('/auth/email/verify', { code: reset }))).toEqual(INVALID);
    expect(outcome(await resets.confirm(alice.email, verification))).toEqual(INVALID);
    const bob = await server.signUp();
    await resets.askFor(bob.email);
    expect(outcome(await resets.confirm(bob.email, reset))).toEqual(INVALID);
    expect((await resets.confirm(alice.email, reset)).status).toBe(200);
  });

  it('never counts as a failed login', async () => {
    const locking = await startTestServer({
      database: server.database,
      env: { LOGIN_FAIL_EMAIL_THRESHOLD: '2', RL_LOGIN_EMAIL_LIMIT: '2' },
    });
    try {
      const alice = await server.signUp();
      const code = await resets.askFor(alice.email);
      for (let n = 0; n < 5; n += 1)
        await resets.confirm(alice.email, otherThan(code), NEW_PASSWORD, locking);
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
          .post('/users/change-password', { current_password: api.password, new_password: NEW_PASSWORD }),
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
    const code = await resets.askFor(alice.email);
    expect((await act(alice)).status).toBe(200);
    expect(outcome(await resets.confirm(alice.email, code, `${NEW_PASSWORD} again`))).toEqual(INVALID);
  });

  it.each(['1234567', '123456789', 'abcdefgh', '１２３４５６７８', '1234  5678', ''])(
    'is refused as %j by its form',
    async (code) => {
      const answer = await resets.confirm('nobody@example.com', code);
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
    expect((await resets.request(typed)).status).toBe(202);
    expect(await codesTo(server, typed, 'passwordReset')).toEqual([]);
    expect((await resets.confirm(typed, await resets.codeFor(mine))).status).toBe(200);
  });

  it('is not sent for a disabled account, nor where there is none', async () => {
    const alice = await server.signUp();
    await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [alice.id]);
    const nobody = `${unique()}@example.com`;
    for (const email of [alice.email, nobody]) {
      expect((await resets.request(email)).status).toBe(202);
      expect(await codesTo(server, email, 'passwordReset')).toEqual([]);
    }
  });

  it('has its code in no log line and no readable column', async () => {
    const alice = await server.signUp();
    const code = await resets.askFor(alice.email);
    await resets.confirm(alice.email, otherThan(code));
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
        expect(outcome(await resets.request(email, mute))).toEqual([409, 'MAIL_UNAVAILABLE']);
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
