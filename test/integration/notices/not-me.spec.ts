import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserLifecycle } from '../../../src/users/user-lifecycle.js';
import type { Actor } from '../../support/api-client.js';
import { eventsOf } from '../../support/audited.js';
import { NoticeStage, tokenIn } from '../../support/notice-stage.js';
import { startTestServer } from '../../support/test-server.js';

let stage: NoticeStage;
beforeAll(async () => {
  stage = await NoticeStage.open();
});
afterAll(() => stage.close());

const SAID = { message: 'Every session has ended. Set a new password with the code that was mailed.' };

async function count(table: string, { id }: Pick<Actor, 'id'>): Promise<number> {
  const { rowCount } = await stage.server.sql.query(`SELECT FROM ${table} WHERE user_id = $1`, [id]);
  return rowCount ?? 0;
}

describe('whoever says that a login was not theirs', () => {
  it('ends every session, has the device forgotten, and no password logs in any more', async () => {
    const ada = await stage.person();
    const { body: thief } = await stage.logIn(ada);
    const token = tokenIn(await stage.letter(ada, 'newDevice'));
    const devices = await count('known_devices', ada);

    expect(await stage.disown(token)).toMatchObject({ status: 200, body: SAID });

    for (const session of [ada.token, thief.access_token])
      expect((await stage.server.as({ token: session }).get('/users/info')).status).toBe(401);
    expect((await stage.post('/auth/refresh', { refresh_token: thief.refresh_token })).status).toBe(401);
    expect(await count('known_devices', ada)).toBe(devices - 1);
    const refused = await stage.logIn(ada, { device: thief.device_token });
    const wrong = await stage.logIn({ ...ada, password: 'not the password' });
    expect(refused).toMatchObject({ status: 401, body: { error: { code: 'INVALID_CREDENTIALS' } } });
    expect(refused.body.error.message).toBe(wrong.body.error.message);
  });

  it('is written to that it happened, and from where, and it stands in the audit log', async () => {
    const ada = await stage.person();
    const token = await stage.newDeviceToken(ada);
    await stage.disown(token, { address: '1.1.1.1' });

    const { text } = await stage.letter(ada, 'loginDisowned');
    expect(text).toContain('Address: 1.1.1.1\n');
    expect(await eventsOf(stage.server, ada, 'authn_login_disowned')).toMatchObject([{ actor_id: ada.id }]);
    const { rows } = await stage.server.sql.query(
      `SELECT session_id FROM audit_events WHERE subject_id = $1 AND event_type = 'authn_login_disowned'`,
      [ada.id],
    );
    expect(rows).toEqual([{ session_id: expect.any(String) }]);
    expect(await eventsOf(stage.server, ada, 'authn_token_revoked')).toMatchObject([
      { details: { reason: 'disowned', sessions: 2 } },
    ]);
  });

  it('is mailed a code, with which the account is theirs again', async () => {
    const ada = await stage.person();
    await stage.disown(await stage.newDeviceToken(ada));
    const { text } = await stage.letter(ada, 'passwordReset');
    // The password does not stay as it is.
    expect(text.replaceAll('\n', ' ')).toContain('Your password is removed, as you told us');
    expect(text).not.toMatch(/stays as it is|ignore this mail/);
    const code = /^ {4}(\d{4}) (\d{4})$/m.exec(text)!.slice(1).join('');
    const password = 'nine lanterns over a harbour';
    const reset = { email: ada.email, code, new_password: password };
    expect((await stage.post('/auth/password-reset/confirm', reset)).status).toBe(200);
    expect((await stage.logIn({ ...ada, password })).status).toBe(200);
  });

  it('has passkeys removed that were registered since that login, and only those', async () => {
    const ada = await stage.person();
    const register = (mark: string) =>
      stage.server.sql.query(
        `INSERT INTO passkeys (user_id, credential_id, public_key, counter, transports, is_backup_eligible, is_backed_up,
                               aaguid, name)
         VALUES ($1, $2, $2, 0, '{}', false, false, gen_random_uuid(), $3)`,
        [ada.id, Buffer.from(`${mark} of ${ada.id}`), mark],
      );
    await register('hers');
    const token = await stage.newDeviceToken(ada);
    await register('not hers');
    await stage.disown(token);
    const { rows } = await stage.server.sql.query('SELECT name FROM passkeys WHERE user_id = $1', [ada.id]);
    expect(rows).toEqual([{ name: 'hers' }]);
    expect(await eventsOf(stage.server, ada, 'passkey_removed')).toHaveLength(1);
  });

  it('can do so also after whoever it was has changed the password', async () => {
    const ada = await stage.person();
    const { body: thief } = await stage.logIn(ada);
    const [letter] = await stage.letters(ada, 'newDevice');
    const password = 'nine lanterns over a harbour';
    await stage.post(
      '/users/change-password',
      { current_password: ada.password, new_password: password },
      {},
      { token: thief.access_token },
    );
    const token = tokenIn(letter!);
    expect((await stage.disown(token)).status).toBe(200);
    expect((await stage.logIn({ ...ada, password })).status).toBe(401);
  });

  it('keeps the password where mails have been disabled since: nobody could set another one', async () => {
    const server = await startTestServer();
    const mute = await startTestServer({ database: server.database, env: { MAIL_DISABLED: 'true' } });
    try {
      const ada = await server.signUp();
      await server.logIn(ada);
      const letter = (await server.mailsTo(ada.email)).find(({ kind }) => kind === 'newDevice')!;
      const { status, body } = await mute.api.post('/auth/not-me', { token: tokenIn(letter) });
      expect({ status, body }).toEqual({
        status: 200,
        body: { message: 'Every session has ended. Log in and change your password.' },
      });
      expect((await mute.as(ada).get('/users/info')).status).toBe(401);
      expect(await mute.logIn(ada)).toEqual(expect.any(String));
    } finally {
      await mute.close();
      await server.close();
    }
  });

  it('leaves everybody else alone', async () => {
    const [ada, grace] = [await stage.person(), await stage.person()];
    const hers = await stage.newDeviceToken(grace);
    await stage.disown(await stage.newDeviceToken(ada));
    expect((await stage.server.as(grace).get('/users/info')).status).toBe(200);
    expect((await stage.logIn(grace)).status).toBe(200);
    expect((await stage.disown(hers)).status).toBe(200);
  });

  it('lets others take part, in the same transaction, told since when', async () => {
    const ada = await stage.person();
    const token = await stage.newDeviceToken(ada);
    const told: { userId: number; since: Date }[] = [];
    stage.server.app.get(UserLifecycle).on('accountTakenBack', (_manager, account) => {
      told.push(account);
      return account.userId === ada.id && told.length === 1
        ? Promise.reject(new Error('not now'))
        : Promise.resolve();
    });
    expect((await stage.disown(token)).status).toBe(500);
    expect((await stage.logIn(ada)).status).toBe(200);
    expect((await stage.disown(token)).status).toBe(200);
    const { rows } = await stage.server.sql.query<{ at: Date }>(
      'SELECT created_at AS at FROM sessions WHERE user_id = $1 ORDER BY created_at',
      [ada.id],
    );
    expect(told).toEqual([1, 2].map(() => ({ userId: ada.id, since: rows[1]!.at })));
  });
});

describe('the link', () => {
  it('works once, also when it is used a hundred times at once', async () => {
    const ada = await stage.person();
    const token = await stage.newDeviceToken(ada);
    const answers = await Promise.all(Array.from({ length: 100 }, () => stage.disown(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(
      answers.filter(({ status, body }) => status === 400 && body.error.code === 'CODE_INVALID'),
    ).toHaveLength(99);
    expect(await stage.letters(ada, 'loginDisowned')).toHaveLength(1);
    expect(await eventsOf(stage.server, ada, 'authn_login_disowned')).toHaveLength(1);
  });

  it('ends the other links of the account, whose sessions have ended with it', async () => {
    const ada = await stage.person();
    const [first, second] = [await stage.newDeviceToken(ada), await stage.newDeviceToken(ada)];
    expect((await stage.disown(second)).status).toBe(200);
    expect((await stage.disown(first)).status).toBe(400);
    expect(await count('not_me_links', ada)).toBe(0);
  });

  it('ends after seven days, and is cleared away when the next is made', async () => {
    const ada = await stage.person();
    const token = await stage.newDeviceToken(ada);
    await stage.server.sql.query(
      `UPDATE not_me_links SET expires_at = expires_at - interval '7 days' WHERE user_id = $1`,
      [ada.id],
    );
    expect((await stage.disown(token)).status).toBe(400);
    expect((await stage.logIn(ada)).status).toBe(200);
    expect(await count('not_me_links', ada)).toBe(1);
  });

  it('is answered alike whatever is wrong with it', async () => {
    const ada = await stage.person();
    const used = await stage.newDeviceToken(ada);
    await stage.disown(used);
    const wrong = [used, `${used}x`, randomBytes(32).toString('base64url'), 'x', '\u2028', "' OR 1=1 --"];
    const answers = [];
    for (const token of wrong) answers.push(await stage.disown(token));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.error.message}`))).toEqual(
      new Set([
        '400 This link is not valid, or not any more. If the address of the account was changed, take the address back first, with the mail about that.',
      ]),
    );
    for (const token of ['', 'x'.repeat(201), null, 7, ['x'], undefined])
      expect((await stage.server.api.post('/auth/not-me', { token })).status).toBe(422);
  });

  it('does nothing when it is opened', async () => {
    const ada = await stage.person();
    const token = await stage.newDeviceToken(ada);
    const statuses = [];
    for (const path of ['/app/not-me', '/auth/not-me', `/auth/not-me?token=${token}`])
      statuses.push((await stage.server.api.get(path)).status);
    expect(statuses).toEqual([404, 404, 404]);
    expect((await stage.logIn(ada)).status).toBe(200);
    expect(await count('not_me_links', ada)).toBe(2);
  });

  it('is in no table, log or export in a form that would serve as it', async () => {
    const ada = await stage.person();
    const token = await stage.newDeviceToken(ada);
    const { rows } = await stage.server.sql.query<{ text: string }>(
      `SELECT concat((SELECT string_agg(l::text, ' ') FROM not_me_links l),
                     (SELECT string_agg(m::text, ' ') FROM mail_messages m),
                     (SELECT string_agg(j::text, ' ') FROM pgboss.job j),
                     (SELECT string_agg(e::text, ' ') FROM audit_events e)) AS text`,
    );
    const exported = await stage.server.as(ada).get('/users/export');
    expect(exported.status).toBe(200);
    for (const place of [rows[0]!.text, stage.server.log(), JSON.stringify(exported.body)]) {
      expect(place).not.toContain(token);
      expect(place).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
    }
  });

  it('outlives a rotation of TOKEN_PEPPER', async () => {
    const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
    const [older, newer] = [key('k1'), key('k2')];
    const before = await NoticeStage.open({ TOKEN_PEPPER: older });
    const after = await NoticeStage.open({ TOKEN_PEPPER: `${newer},${older}` });
    try {
      const ada = await before.person();
      const token = await before.newDeviceToken(ada);
      const { rows } = await before.server.sql.query<Record<string, unknown>>('SELECT * FROM not_me_links');
      const grace = await after.person();
      await after.newDeviceToken(grace);
      await after.server.sql.query('UPDATE not_me_links SET token_hash = $1 WHERE user_id = $2', [
        rows[0]!['token_hash'],
        grace.id,
      ]);
      expect((await after.disown(token)).status).toBe(200);
    } finally {
      await before.close();
      await after.close();
    }
  });
});
