import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SecurityNotices, type SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import { requestContext } from '../../../src/common/logging/request-context.js';
import { holdTime, newAddress } from '../../support/limited-server.js';
import type { Actor } from '../../support/api-client.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer } from '../../support/test-server.js';
import { FIREFOX, NoticeStage } from '../../support/notice-stage.js';

const DAY = 86_400;

let stage: NoticeStage;
beforeAll(async () => {
  stage = await NoticeStage.open();
});
afterAll(() => stage.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const announce = (notice: SecurityNotice) =>
  stage.server.app
    .get(DataSource)
    .transaction((manager) => stage.server.app.get(SecurityNotices).announce(notice, manager));

/** Letters break their lines. */
const onOneLine = (text: string) => text.replaceAll('\n', ' ');

/** Fails eight times, each time from another address. */
async function lockOut(person: Actor, userAgent?: string): Promise<void> {
  for (let n = 0; n < 8; n += 1)
    await stage.logIn({ ...person, password: 'not the password' }, { address: newAddress(), userAgent });
}

describe('the owner of an account is written to', () => {
  it('when it is used on a new device, and from where; not for the first one, nor a known one', async () => {
    const ada = await stage.person();
    const { body } = await stage.logIn(ada);
    await stage.logIn(ada, { device: body.device_token });

    const { text, html } = await stage.letter(ada, 'newDevice');
    expect(text).toContain('\nAddress: 8.8.8.8\nDevice: Firefox 131 on Linux\nPlace: United States\n');
    expect(text).toMatch(/^When: \d{4}-\d\d-\d\d \d\d:\d\d UTC$/m);
    expect(text).toMatch(
      /^This was not me:\nhttps:\/\/vote\.example\.org\/app\/not-me#token=[A-Za-z0-9_-]{43}$/m,
    );
    expect(html).toContain('Firefox 131 on Linux');
  });

  it('when it is used on a new device after all that were known have been forgotten', async () => {
    const [ada, dormant] = [await stage.person(), await stage.person()];
    for (const table of ['users', 'known_devices'])
      await stage.server.sql.query(
        `UPDATE ${table} SET created_at = now() - interval '181 days' WHERE ${table === 'users' ? 'id' : 'user_id'} = $1`,
        [dormant.id],
      );
    await stage.server.sql.query(`UPDATE known_devices SET last_used_at = created_at WHERE user_id = $1`, [
      dormant.id,
    ]);
    // Whoever comes next clears them away.
    await stage.logIn(ada);
    const { rowCount } = await stage.server.sql.query('SELECT FROM known_devices WHERE user_id = $1', [
      dormant.id,
    ]);
    expect(rowCount).toBe(0);
    await stage.logIn(dormant);
    expect(await stage.letters(dormant, 'newDevice')).toHaveLength(1);
  });

  it('when the password was changed', async () => {
    const ada = await stage.person();
    const changed = await stage.post(
      '/users/change-password',
      { current_password: ada.password, new_password: 'nine lanterns over a harbour' },
      {},
      ada,
    );
    expect(changed.status).toBe(200);

    const { text } = await stage.letter(ada, 'passwordChanged');
    expect(text).toContain('Device: Firefox 131 on Linux');
    expect(text).toContain('If it was not you');
  });

  it('when the username was changed or removed, and not when it stays', async () => {
    const ada = await stage.person();
    const api = stage.server.as(ada);
    const username = `evil-example-${ada.id}`;
    for (const change of [{ username }, { username }, { name: 'Ada' }, { username: null }])
      expect((await api.patch('/users', change)).status).toBe(200);
    const letters = await stage.letters(ada, 'usernameChanged');
    expect(letters).toHaveLength(2);
    expect(`${letters[0]!.subject}${letters[0]!.text}${letters[0]!.html}`).not.toContain('evil');
  });

  it('when a refresh token came again', async () => {
    const ada = await stage.person();
    const { refresh_token: first } = (await stage.logIn(ada)).body;
    const { refresh_token: second } = (await stage.post('/auth/refresh', { refresh_token: first })).body;
    await stage.post('/auth/refresh', { refresh_token: second });
    expect((await stage.post('/auth/refresh', { refresh_token: first }, { address: '1.1.1.1' })).status).toBe(
      401,
    );

    expect((await stage.letter(ada, 'refreshReuse')).text).toContain('Address: 1.1.1.1\n');
  });

  it('when somebody else fails to log in so often that new devices are locked out', async () => {
    const ada = await stage.person();
    await lockOut(ada);

    const { text } = await stage.letter(ada, 'lockout');
    expect(text).toContain('For 15 minutes nobody can log in');
  });

  it.each(['enabled', 'disabled', 'reset', 'backup_codes_replaced', 'backup_code_used'] as const)(
    'when a second factor is changed: %s',
    async (change) => {
      const ada = await stage.person();
      await announce({ kind: 'mfa_changed', userId: ada.id, change });
      expect((await stage.letter(ada, 'mfaChanged')).text).toMatch(/second factor|backup code/i);
    },
  );

  it('when a second factor is in force, with what to do about one that is not theirs: a reset leaves it', async () => {
    const ada = await stage.person();
    await announce({ kind: 'mfa_changed', userId: ada.id, change: 'enabled' });
    const { text } = await stage.letter(ada, 'mfaChanged');
    expect(onOneLine(text)).toContain('ask an admin of the service to remove it');
  });

  it('when somebody who is logged in guesses the password or codes', async () => {
    const ada = await stage.person();
    for (let n = 0; n < 8; n += 1)
      await stage.post(
        '/users/change-password',
        { current_password: 'not the password', new_password: 'nine lanterns over a harbour' },
        {},
        ada,
      );
    const { text } = await stage.letter(ada, 'proofLockout');
    expect(onOneLine(text)).toContain('Somebody who is logged in to your account');
    expect(await stage.letters(ada, 'lockout')).toEqual([]);
  });

  it.each([
    ['passkey_registered', 'passkeyRegistered'],
    ['passkey_removed', 'passkeyRemoved'],
    ['passkey_clone_suspected', 'passkeyCloneSuspected'],
  ] as const)('of %s, without the name that whoever registered it chose', async (kind, letter) => {
    const ada = await stage.person();
    const { server } = stage;
    const passkey = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    const { body } = await passkey.register(ada, {}, 'visit https://evil.example now');
    expect(body.name).toContain('evil');
    if (kind === 'passkey_removed') await server.as(ada).delete(`/auth/passkeys/${body.id}`);
    if (kind === 'passkey_clone_suspected') for (const counter of [9, 3]) await passkey.logIn({ counter });
    const { subject, text, html } = await stage.letter(ada, letter);
    expect(`${subject}${text}${html}`).not.toContain('evil');
  });

  it('when the password was reset', async () => {
    const ada = await stage.person();
    await announce({ kind: 'password_reset', userId: ada.id, factorsRemoved: false });
    expect((await stage.letter(ada, 'passwordResetDone')).text).toContain('secure your mailbox first');
  });
});

describe('a letter', () => {
  it('does not tell where an admin was who removed a second factor', async () => {
    const ada = await stage.person();
    await requestContext.run({ request_id: 'r', address: '8.8.8.8', userAgent: FIREFOX }, async () => {
      await announce({ kind: 'mfa_changed', userId: ada.id, change: 'reset' });
      await announce({ kind: 'mfa_changed', userId: ada.id, change: 'enabled' });
    });
    const [reset, enabled] = await stage.letters(ada, 'mfaChanged');
    expect(reset!.text).not.toMatch(/8\.8\.8\.8|Firefox|United States/);
    expect(enabled!.text).toContain('\nAddress: 8.8.8.8\nDevice: Firefox 131 on Linux\n');
  });

  it('commits and rolls back with what it tells', async () => {
    const ada = await stage.person();
    const failed = stage.server.app.get(DataSource).transaction(async (manager) => {
      await stage.server.app
        .get(SecurityNotices)
        .announce({ kind: 'password_changed', userId: ada.id }, manager);
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    expect(await stage.letters(ada, 'passwordChanged')).toEqual([]);
  });

  it('goes to nobody whose account was disabled', async () => {
    const ada = await stage.person();
    await stage.server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [ada.id]);
    await announce({ kind: 'password_changed', userId: ada.id });
    expect(await stage.letters(ada, 'passwordChanged')).toEqual([]);
  });

  it('tells when, and nothing of where, for what no request has caused', async () => {
    const ada = await stage.person();
    await announce({ kind: 'password_changed', userId: ada.id });
    const { text } = await stage.letter(ada, 'passwordChanged');
    expect(text).toMatch(/^When: /m);
    expect(text).not.toMatch(/^(Address|Device|Place): /m);
  });

  it.each([
    ['<script>alert(1)</script>', 'unknown'],
    ['Call +1 555 0100 to save your account/9 (now)', 'unknown'],
    ['Your bank (https://evil.example) Firefox/131.0', 'Firefox 131'],
    [`${'a'.repeat(300)} Firefox/${'9'.repeat(300)}`, 'Firefox'],
    [FIREFOX.replace('Linux', 'evil.example'), 'Firefox 131'],
  ])('repeats nothing that a client calls itself: %s', async (userAgent, device) => {
    const ada = await stage.person();
    expect((await stage.logIn(ada, { userAgent })).status).toBe(200);
    const { text, html } = await stage.letter(ada, 'newDevice');
    expect(/^Device: (.*)$/m.exec(text)?.[1]).toBe(device);
    expect(`${text}${html}`).not.toMatch(/alert|555|bank|evil|aaaa|9999/);
  });

  it('names no place for an address that nobody knows, and says where one is private', async () => {
    const ada = await stage.person();
    await stage.logIn(ada, { address: '192.0.2.7' });
    await stage.logIn(ada, { address: '10.1.2.3' });
    const places = (await stage.letters(ada, 'newDevice')).map(
      ({ text }) => /^Place: (.*)$/m.exec(text)?.[1],
    );
    expect(places).toEqual([undefined, 'a private network']);
  });

  it('is not written where mails are disabled, and no link is made', async () => {
    const silent = await startTestServer({ env: { MAIL_DISABLED: 'true' } });
    try {
      const ada = await silent.signUp();
      await silent.logIn(ada);
      expect(await silent.mailsTo(ada.email)).toEqual([]);
      expect((await silent.sql.query('SELECT FROM not_me_links')).rowCount).toBe(0);
    } finally {
      await silent.close();
    }
  });
});

describe('nobody floods a mailbox', () => {
  it('by failing logins: one letter a day, whatever is locked', async () => {
    const ada = await stage.person();
    const pass = holdTime(stage.server);
    const locked = (): Promise<void> => announce({ kind: 'lockout', userId: ada.id, seconds: 900 });
    await lockOut(ada);
    await locked();
    await locked();
    expect(await stage.letters(ada, 'lockout')).toHaveLength(1);
    pass(DAY);
    await locked();
    await locked();
    expect(await stage.letters(ada, 'lockout')).toHaveLength(2);
  });

  it('by logging in on ever new devices: ten letters a day, also when thirty log in at once', async () => {
    holdTime(stage.server);
    const ada = await stage.person();
    await Promise.all(Array.from({ length: 30 }, () => stage.logIn(ada)));
    expect(await stage.letters(ada, 'newDevice')).toHaveLength(10);
    const { rowCount } = await stage.server.sql.query('SELECT FROM not_me_links WHERE user_id = $1', [
      ada.id,
    ]);
    expect(rowCount).toBe(10);
  });

  it('nor keeps a letter of one kind away by letters of another, or from somebody else', async () => {
    holdTime(stage.server);
    const [ada, grace] = [await stage.person(), await stage.person()];
    for (let n = 0; n < 12; n += 1) await announce({ kind: 'password_changed', userId: ada.id });
    await announce({ kind: 'mfa_changed', userId: ada.id, change: 'disabled' });
    await announce({ kind: 'password_changed', userId: grace.id });
    expect(await stage.letters(ada, 'passwordChanged')).toHaveLength(10);
    expect(await stage.letters(ada, 'mfaChanged')).toHaveLength(1);
    expect(await stage.letters(grace, 'passwordChanged')).toHaveLength(1);
  });
});
