import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UnlockService } from '../../../src/auth/lockouts/unlock.service.js';
import { LockoutsRepository } from '../../../src/auth/lockouts/lockouts.repository.js';
import type { Actor } from '../../support/api-client.js';
import { unique } from '../../support/test-server.js';
import { LockoutStage, WRONG } from '../../support/lockout-stage.js';

const HALF_A_YEAR = 181;

let stage: LockoutStage;

beforeAll(async () => {
  stage = await LockoutStage.open();
});
afterAll(() => stage.close());

/** Logs in where nothing is locked yet. @returns the token of the device */
async function deviceOf(person: Actor, device?: string): Promise<string> {
  const { outcome, deviceToken } = await stage.logIn(person, person.password, { device });
  expect(outcome).toBe('in');
  return deviceToken!;
}

async function devicesOf({ id }: Actor): Promise<number> {
  const { rows } = await stage.server.sql.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM known_devices WHERE user_id = $1',
    [id],
  );
  return rows[0]!.count;
}

describe('a device on which somebody has logged in', () => {
  it('is let in while the account is locked, and from an address that is locked and kept from it', async () => {
    const ada = await stage.person();
    const ip = stage.address();
    const device = await deviceOf(ada);
    await stage.fail(ada, 8, { ip });
    await stage.pass(900);
    await stage.fail(ada, 8, { ip });
    await stage.spray(20, ip);
    expect(await stage.logIn(ada, ada.password, { ip })).toMatchObject({ outcome: 'LOCKED_OUT' });
    expect(await stage.logIn(ada, ada.password, { ip, device })).toEqual({
      outcome: 'in',
      deviceToken: device,
    });
    expect(await stage.logIn({ username: ada.username }, ada.password, { device })).toMatchObject({
      outcome: 'in',
    });
  });

  it('has its own eight tries, which lock nobody else', async () => {
    const ada = await stage.person();
    const [phone, laptop] = [await deviceOf(ada), await deviceOf(ada)];
    await stage.fail(ada, 8, { device: phone });
    expect(await stage.logIn(ada, ada.password, { device: phone })).toMatchObject({ outcome: 'LOCKED_OUT' });
    expect(await stage.logIn(ada, ada.password, { device: laptop })).toMatchObject({ outcome: 'in' });
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'in' });
    await stage.pass(900);
    expect(await stage.logIn(ada, ada.password, { device: phone })).toMatchObject({ outcome: 'in' });
  });

  it('begins anew after the right password', async () => {
    const ada = await stage.person();
    const device = await deviceOf(ada);
    await stage.fail(ada, 7, { device });
    await deviceOf(ada, device);
    await stage.fail(ada, 7, { device });
    await deviceOf(ada, device);
  });

  it('is known for the accounts that were logged in to on it alone, and keeps its token for each', async () => {
    const [ada, mallory] = [await stage.person(), await stage.person()];
    const shared = await deviceOf(mallory);
    await stage.fail(ada, 8);
    expect(await stage.logIn(ada, ada.password, { device: shared })).toMatchObject({ outcome: 'LOCKED_OUT' });
    await stage.pass(900);
    expect(await deviceOf(ada, shared)).toBe(shared);
    await stage.fail(ada, 8);
    expect(await deviceOf(ada, shared)).toBe(shared);
    expect(await deviceOf(mallory, shared)).toBe(shared);
  });

  it.each([
    ['nobody was given', randomBytes(32).toString('base64url')],
    ['is none', 'x'],
    ['is empty', ''],
    ['is another header line too', `${randomBytes(32).toString('base64url')}, x`],
  ])('is not one whose token %s: it gets another one', async (_, device) => {
    const ada = await stage.person();
    const answered = await deviceOf(ada, device);
    expect(answered).toMatch(/^[\w-]{43}$/);
    expect(answered).not.toBe(device);
  });

  it('is forgotten after half a year without a login', async () => {
    const ada = await stage.person();
    const device = await deviceOf(ada);
    await stage.server.sql.query(
      'UPDATE known_devices SET last_used_at = now() - make_interval(days => $2) WHERE user_id = $1',
      [ada.id, HALF_A_YEAR],
    );
    await stage.fail(ada, 8);
    expect(await stage.logIn(ada, ada.password, { device })).toMatchObject({ outcome: 'LOCKED_OUT' });
    await stage.pass(900);
    expect(await deviceOf(ada, device)).not.toBe(device);
    expect(await devicesOf(ada)).toBe(1);
  });

  it('stays among twenty, however often a program logs in without keeping its token', async () => {
    const ada = await stage.person();
    const phone = await deviceOf(ada);
    await deviceOf(ada, phone);
    for (let n = 0; n < 25; n += 1) await deviceOf(ada);
    expect(await devicesOf(ada)).toBe(20);
    await stage.fail(ada, 8);
    expect(await stage.logIn(ada, ada.password, { device: phone })).toMatchObject({ outcome: 'in' });
  });

  it('is told of to the owner when it is new, but for the first', async () => {
    const ada = await stage.person();
    const about = () => stage.notices.filter(({ userId }) => userId === ada.id);
    const device = await deviceOf(ada);
    await deviceOf(ada, device);
    expect(about()).toEqual([]);
    await deviceOf(ada);
    const { rows } = await stage.server.sql.query<{ sessionId: string; deviceId: string }>(
      `SELECT (SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1) AS "sessionId",
              (SELECT id FROM known_devices WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1) AS "deviceId"`,
      [ada.id],
    );
    expect(about()).toEqual([{ kind: 'new_device', userId: ada.id, ...rows[0] }]);
    const events = (await stage.events('authn_new_device')).filter(({ subject_id }) => subject_id === ada.id);
    // The first of all is the one with which the account was made.
    expect(events.map(({ details }) => details['first'])).toEqual([true, true, false]);
  });

  it('is in no table in a form that would serve as its token', async () => {
    const device = await deviceOf(await stage.person());
    const { rows } = await stage.server.sql.query<{ text: string }>(
      `SELECT string_agg(d::text, ' ') AS text FROM known_devices d`,
    );
    expect(rows[0]!.text).not.toContain(device);
    expect(rows[0]!.text).not.toContain(Buffer.from(device, 'base64url').toString('hex'));
    expect(stage.server.log()).not.toContain(device);
  });
});

describe('when TOKEN_PEPPER is rotated', () => {
  it('locks stay, known devices are still known, and are kept under the new key from then on', async () => {
    const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
    const [older, newer] = [key('k1'), key('k2')];
    const before = await LockoutStage.open({ TOKEN_PEPPER: older });
    const after = await LockoutStage.open({ TOKEN_PEPPER: `${newer},${older}` }, before.server.database);
    const later = await LockoutStage.open({ TOKEN_PEPPER: newer }, before.server.database);
    try {
      const ada = await before.person();
      const { deviceToken: device } = await before.logIn(ada, ada.password);
      await before.fail(ada, 8);
      expect(await after.logIn(ada, ada.password)).toMatchObject({ outcome: 'LOCKED_OUT' });
      expect(await later.logIn(ada, ada.password, { device })).toMatchObject({ outcome: 'LOCKED_OUT' });
      expect(await after.logIn(ada, ada.password, { device })).toEqual({
        outcome: 'in',
        deviceToken: device,
      });
      expect(await later.logIn(ada, ada.password, { device })).toEqual({
        outcome: 'in',
        deviceToken: device,
      });
    } finally {
      await later.close();
      await after.close();
      await before.close();
    }
  });
});

describe('an account that is unlocked', () => {
  it('is let in under each of its names, from every address and on every device, and its failures are forgotten', async () => {
    const ada = await stage.person();
    const ip = stage.address();
    const device = await deviceOf(ada);
    await stage.fail(ada, 8, { ip });
    await stage.pass(900);
    await stage.fail({ email: ada.email }, 8, { ip });
    await stage.fail({ username: ada.username }, 8);
    await stage.fail(ada, 8, { device });
    await stage.server.app.get(UnlockService).unlock(ada.id);
    for (const who of [{ email: ada.email }, { username: ada.username }]) {
      expect(await stage.logIn(who, ada.password, { ip })).toMatchObject({ outcome: 'in' });
      await stage.fail(who, 3);
    }
    expect(await stage.logIn(ada, ada.password, { device })).toMatchObject({ outcome: 'in' });
    const events = await stage.events('authn_login_unlock');
    expect(events.map(({ subject_id }) => subject_id)).toEqual([ada.id]);
  });

  it('is let in also when its name was locked before there was an account', async () => {
    const email = `late-${unique()}@example.com`;
    await stage.fail({ email }, 8);
    const password = 'a late otter sings at dawn';
    const { body } = await stage.server.api.post('/users/register', { name: 'Late', email, password });
    expect(await stage.logIn({ email }, password)).toMatchObject({ outcome: 'LOCKED_OUT' });
    await stage.server.app.get(UnlockService).unlock(body.id as number);
    expect(await stage.logIn({ email }, password)).toMatchObject({ outcome: 'in' });
  });

  it('does not lift the locks of an address', async () => {
    const ada = await stage.person();
    const ip = stage.address();
    await stage.spray(20, ip);
    await stage.server.app.get(UnlockService).unlock(ada.id);
    expect(await stage.logIn(ada, ada.password, { ip })).toMatchObject({ outcome: 'RATE_LIMITED' });
  });

  it('stays locked when the transaction that was to unlock it is undone', async () => {
    const ada = await stage.person();
    await stage.fail(ada, 8);
    const undone = stage.server.app.get(LockoutsRepository).transaction(async (manager) => {
      await stage.server.app.get(UnlockService).clearLocks(ada.id, manager);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'LOCKED_OUT' });
  });
});

describe('limits below the locks', () => {
  it('refuse after ten failures in ten minutes where a lock would come later, and never a known device', async () => {
    const strict = await LockoutStage.open({ LOGIN_FAIL_EMAIL_THRESHOLD: '50', RL_LOGIN_IP_LIMIT: '100' });
    try {
      const ada = await strict.person();
      const { deviceToken: device } = await strict.logIn(ada, ada.password);
      await strict.fail(ada, 10);
      const { outcome, retryAfterSeconds } = await strict.logIn(ada, ada.password);
      expect(outcome).toBe('RATE_LIMITED');
      expect(retryAfterSeconds).toBeGreaterThan(540);
      expect(retryAfterSeconds).toBeLessThanOrEqual(600);
      expect(await strict.logIn(ada, ada.password, { device })).toMatchObject({ outcome: 'in' });
      await strict.pass(600);
      expect(await strict.logIn(ada, WRONG)).toMatchObject({ outcome: 'INVALID_CREDENTIALS' });
    } finally {
      await strict.close();
    }
  });

  it('and locks are switched off by a 0', async () => {
    const open = await LockoutStage.open({
      LOGIN_FAIL_EMAIL_THRESHOLD: '0',
      LOGIN_FAIL_IP_THRESHOLD: '0',
      RL_LOGIN_IP_LIMIT: '0',
      RL_LOGIN_EMAIL_LIMIT: '0',
    });
    try {
      const ada = await open.person();
      const ip = open.address();
      expect(await open.fail(ada, 40, { ip })).toMatchObject({ outcome: 'INVALID_CREDENTIALS' });
      expect(await open.logIn(ada, ada.password, { ip })).toMatchObject({ outcome: 'in' });
      expect((await open.server.sql.query('SELECT FROM login_failures')).rowCount).toBe(0);
    } finally {
      await open.close();
    }
  });
});
