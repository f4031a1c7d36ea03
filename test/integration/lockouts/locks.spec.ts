import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BoundedPool } from '../../../src/common/bounded-pool.js';
import { BusyError } from '../../../src/common/errors/common.errors.js';
import { unique } from '../../support/test-server.js';
import { LockoutStage, WRONG } from '../../support/lockout-stage.js';

const QUARTER_HOUR = 900;
const HOUR = 3_600;

let stage: LockoutStage;

beforeAll(async () => {
  stage = await LockoutStage.open();
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => stage.close());

describe('an account that somebody fails to log in to', () => {
  it('is locked after eight failures for a quarter of an hour, for the right password too, and costs no hash', async () => {
    const ada = await stage.person();
    expect(await stage.fail(ada, 8)).toMatchObject({ outcome: 'INVALID_CREDENTIALS' });
    const hashes = jest.spyOn(BoundedPool.prototype, 'run');
    for (const password of [WRONG, ada.password]) {
      const { outcome, retryAfterSeconds } = await stage.logIn(ada, password);
      expect(outcome).toBe('LOCKED_OUT');
      expect(retryAfterSeconds).toBeGreaterThan(QUARTER_HOUR - 60);
      expect(retryAfterSeconds).toBeLessThanOrEqual(QUARTER_HOUR);
    }
    expect(hashes).not.toHaveBeenCalled();
    await stage.pass(QUARTER_HOUR - 60);
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'LOCKED_OUT' });
    await stage.pass(60);
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'in' });
  });

  it('has its failures forgotten after a quarter of an hour', async () => {
    const ada = await stage.person();
    await stage.fail(ada, 7);
    await stage.pass(QUARTER_HOUR);
    await stage.fail(ada, 7);
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'in' });
  });

  it('locks nobody else out', async () => {
    const [ada, bob] = [await stage.person(), await stage.person()];
    await stage.fail(ada, 8);
    expect(await stage.logIn(bob, bob.password)).toMatchObject({ outcome: 'in' });
  });

  it('has as many tries under its two names together, and no answer tells that they are one', async () => {
    const ada = await stage.person();
    const stranger = { username: `stranger.${unique()}` };
    await stage.fail({ email: ada.email }, 8);
    const hashes = jest.spyOn(BoundedPool.prototype, 'run');
    for (const who of [{ username: ada.username }, stranger]) {
      for (let n = 0; n < 8; n += 1)
        expect(await stage.logIn(who, ada.password)).toMatchObject({ outcome: 'INVALID_CREDENTIALS' });
      expect(await stage.logIn(who, ada.password)).toMatchObject({ outcome: 'LOCKED_OUT' });
    }
    // As many as each costs where there is no account: one a try.
    expect(hashes).toHaveBeenCalledTimes(16);
    await stage.pass(QUARTER_HOUR);
    expect(await stage.logIn({ username: ada.username }, ada.password)).toMatchObject({ outcome: 'in' });
  });

  it('whose owner comes by the other name keeps nobody else at that address from logging in', async () => {
    const address = '198.51.100.77';
    for (let n = 0; n < 3; n += 1) {
      const victim = await stage.person();
      await stage.fail({ email: victim.email }, 8);
      for (let tries = 0; tries < 8; tries += 1)
        await stage.logIn({ username: victim.username }, victim.password, { ip: address });
    }
    const colleague = await stage.person();
    expect(await stage.logIn(colleague, colleague.password, { ip: address })).toMatchObject({
      outcome: 'in',
    });
  });

  it('four failures under either name leave no ninth', async () => {
    const ada = await stage.person();
    await stage.fail({ email: ada.email }, 4);
    await stage.fail({ username: ada.username }, 4);
    expect(await stage.logIn({ email: ada.email }, ada.password)).not.toMatchObject({ outcome: 'in' });
    expect(await stage.logIn({ username: ada.username }, ada.password)).not.toMatchObject({ outcome: 'in' });
  });

  it('is the same one however its name is spelt', async () => {
    const ada = await stage.person();
    const [local, domain] = ada.email.split('@') as [string, string];
    await stage.fail({ email: `${local.toUpperCase()}@${domain}` }, 4);
    await stage.fail({ username: `${local}@${domain.toUpperCase()}` }, 4);
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'LOCKED_OUT' });
  });

  it('is told of to its owner once, and to the audit log each time', async () => {
    const ada = await stage.person();
    const ip = stage.address();
    await stage.fail(ada, 8, { ip });
    await stage.pass(QUARTER_HOUR);
    await stage.fail(ada, 8);
    expect(stage.notices.filter(({ userId }) => userId === ada.id)).toEqual([
      { kind: 'lockout', userId: ada.id, seconds: QUARTER_HOUR },
    ]);
    const about = ({ subject_id }: { subject_id: number | null }) => subject_id === ada.id;
    const locks = (await stage.events('authn_login_lock')).filter(about);
    expect(locks.map(({ details }) => details['scope']).sort()).toEqual([
      'account',
      'account',
      'identifier',
      'identifier',
    ]);
    const failures = (await stage.events('authn_login_fail')).filter(about);
    expect(failures).toHaveLength(16);
    expect(failures[0]!.details).toEqual({
      reason: 'wrong_password',
      identifier: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    await stage.pass(QUARTER_HOUR);
    await stage.fail(ada, 3);
    await stage.logIn(ada, ada.password);
    expect((await stage.events('authn_login_successafterfail')).filter(about)).toEqual([
      { subject_id: ada.id, details: { failures: 3 } },
    ]);
  });

  it('has a login after failures recorded once, and the next only after another failure', async () => {
    const ada = await stage.person();
    const successes = async () =>
      (await stage.events('authn_login_successafterfail'))
        .filter(({ subject_id }) => subject_id === ada.id)
        .map(({ details }) => details['failures']);
    const logIn = async (from: { ip?: string; device?: string } = {}) => {
      const { outcome, deviceToken } = await stage.logIn(ada, ada.password, from);
      expect(outcome).toBe('in');
      return deviceToken;
    };
    await stage.fail(ada, 3);
    const device = await logIn();
    expect(await successes()).toEqual([3]);
    await logIn();
    await logIn({ device });
    expect(await successes()).toEqual([3]);
    await stage.fail({ username: ada.username }, 1);
    await logIn();
    expect(await successes()).toEqual([3, 1]);
    await stage.fail(ada, 2, { device });
    await logIn({ device });
    expect(await successes()).toEqual([3, 1, 2]);
    await logIn({ device });
    expect(await successes()).toEqual([3, 1, 2]);
  });

  it('has of many logins at once after failures one recorded as such', async () => {
    const ada = await stage.person();
    await stage.fail(ada, 3);
    await Promise.all(Array.from({ length: 5 }, () => stage.logIn(ada, ada.password)));
    const about = ({ subject_id }: { subject_id: number | null }) => subject_id === ada.id;
    expect((await stage.events('authn_login_successafterfail')).filter(about)).toHaveLength(1);
  });

  it('has the failures of others at its address not counted among its own', async () => {
    const [ada, ip] = [await stage.person(), stage.address()];
    await stage.spray(5, ip);
    expect(await stage.logIn(ada, ada.password, { ip })).toMatchObject({ outcome: 'in' });
    const about = ({ subject_id }: { subject_id: number | null }) => subject_id === ada.id;
    expect((await stage.events('authn_login_successafterfail')).filter(about)).toEqual([]);
  });

  it('that does not exist is told of by nothing that names it', async () => {
    const email = `nobody-${unique()}@example.com`;
    await stage.fail({ email }, 8);
    const [lock] = (await stage.events('authn_login_lock')).slice(-1);
    expect(lock).toEqual({
      subject_id: null,
      details: expect.objectContaining({ reason: 'unknown_account', seconds: QUARTER_HOUR }),
    });
    const { rows } = await stage.server.sql.query<{ text: string }>(
      `SELECT string_agg(f::text, ' ') AS text FROM login_failures f`,
    );
    expect(rows[0]!.text).not.toContain('nobody');
    expect(JSON.stringify(await stage.events('authn_login_fail'))).not.toContain(email);
  });
});

describe('an address that failures come from', () => {
  it('is slowed down after twenty, locked after thirty for a quarter of an hour, then for twice as long each time, up to a day', async () => {
    const ip = stage.address();
    const ada = await stage.person();
    expect(await stage.spray(20, ip)).toMatchObject({ outcome: 'INVALID_CREDENTIALS' });
    const limited = await stage.logIn(ada, ada.password, { ip });
    expect(limited.outcome).toBe('RATE_LIMITED');
    expect(limited.retryAfterSeconds).toBeLessThanOrEqual(600);
    await stage.pass(600);
    await stage.spray(10, ip);
    const waits: number[] = [];
    for (let n = 0; n < 9; n += 1) {
      const { outcome, retryAfterSeconds = 0 } = await stage.logIn(ada, ada.password, { ip });
      expect(outcome).toBe('LOCKED_OUT');
      waits.push(Math.round(retryAfterSeconds / QUARTER_HOUR));
      await stage.pass(retryAfterSeconds);
      await stage.spray(20, ip);
      await stage.pass(600);
      await stage.spray(10, ip);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 96, 96]);
    await stage.pass(2 * 24 * HOUR);
    expect(await stage.logIn(ada, ada.password, { ip })).toMatchObject({ outcome: 'in' });
    // A quiet day later it begins anew.
    await stage.spray(20, ip);
    await stage.pass(600);
    await stage.spray(10, ip);
    const { retryAfterSeconds } = await stage.logIn(ada, ada.password, { ip });
    expect(retryAfterSeconds).toBeLessThanOrEqual(QUARTER_HOUR);
  });

  it('is one for all that a customer can choose among (IPv6 /64), and for both spellings of IPv4', async () => {
    for (let n = 0; n < 20; n += 1) await stage.spray(1, `2001:db8:7:7::${n.toString(16)}`);
    expect(await stage.spray(1, '2001:db8:7:7:ffff::1')).toMatchObject({ outcome: 'RATE_LIMITED' });
    expect(await stage.spray(1, '2001:db8:7:8::1')).toMatchObject({ outcome: 'INVALID_CREDENTIALS' });
    await stage.spray(20, '203.0.113.77');
    expect(await stage.spray(1, '::ffff:203.0.113.77')).toMatchObject({ outcome: 'RATE_LIMITED' });
  });

  it('counts also when nobody can tell which it is', async () => {
    for (let n = 0; n < 20; n += 1)
      await stage.logIn({ email: `x-${unique()}@example.com` }, WRONG, { ip: null });
    const ada = await stage.person();
    expect(await stage.logIn(ada, ada.password, { ip: null })).toMatchObject({ outcome: 'RATE_LIMITED' });
    await stage.server.sql.query('DELETE FROM login_failures');
  });

  it('is kept from an account for twelve hours when it goes on failing after the account was locked', async () => {
    const ada = await stage.person();
    const [ip, elsewhere] = [stage.address(), stage.address()];
    await stage.fail(ada, 8, { ip });
    await stage.pass(QUARTER_HOUR);
    await stage.fail(ada, 8, { ip });
    await stage.pass(QUARTER_HOUR);
    const kept = await stage.logIn(ada, ada.password, { ip });
    expect(kept.outcome).toBe('LOCKED_OUT');
    expect(kept.retryAfterSeconds).toBeGreaterThan(11 * HOUR);
    expect(await stage.logIn(ada, ada.password, { ip: elsewhere })).toMatchObject({ outcome: 'in' });
    const bob = await stage.person();
    expect(await stage.logIn(bob, bob.password, { ip })).toMatchObject({ outcome: 'in' });
    await stage.pass(12 * HOUR);
    expect(await stage.logIn(ada, ada.password, { ip })).toMatchObject({ outcome: 'in' });
  });

  it('is kept from it also by failures too slow to lock the account again, unless the right password comes in between', async () => {
    const [ada, bob] = [await stage.person(), await stage.person()];
    const ip = stage.address();
    for (const person of [ada, bob]) {
      await stage.fail(person, 8, { ip: stage.address() });
      await stage.pass(QUARTER_HOUR);
      await stage.fail(person, 4, { ip });
      await stage.pass(QUARTER_HOUR);
      if (person === bob) await stage.logIn(bob, bob.password, { ip });
      await stage.fail(person, 4, { ip });
      await stage.pass(QUARTER_HOUR);
    }
    expect(await stage.logIn(ada, ada.password, { ip })).toMatchObject({ outcome: 'LOCKED_OUT' });
    expect(await stage.logIn(bob, bob.password, { ip })).toMatchObject({ outcome: 'in' });
  });
});

describe('an attempt whose end nobody tells', () => {
  it('counts as failed after a minute, after a crash, and costs no more than itself', async () => {
    const ada = await stage.person();
    await stage.fail(ada, 6);
    // As it stands when a process dies while it computes a hash.
    await stage.server.sql.query(
      `UPDATE login_failures SET pending = jsonb_build_object('lost', extract(epoch FROM now())) WHERE cardinality(failed_at) = 6`,
    );
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'in' });
    await stage.pass(61);
    expect(await stage.fail(ada, 1)).toMatchObject({ outcome: 'INVALID_CREDENTIALS' });
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'LOCKED_OUT' });
  });

  it('that a busy service never tested does not count', async () => {
    const ada = await stage.person();
    await stage.fail(ada, 7);
    const pool = jest.spyOn(BoundedPool.prototype, 'run').mockRejectedValue(new BusyError());
    for (let n = 0; n < 10; n += 1) expect(await stage.logIn(ada, WRONG)).toMatchObject({ outcome: 'BUSY' });
    pool.mockRestore();
    expect(await stage.logIn(ada, ada.password)).toMatchObject({ outcome: 'in' });
  });
});

it('what was counted is cleared away once it says nothing any more', async () => {
  await stage.spray(5, stage.address());
  await stage.pass(30 * 24 * HOUR);
  const stale = async () =>
    Number(
      (await stage.server.sql.query('SELECT count(*) FROM login_failures WHERE forget_at < now()')).rows[0]
        .count,
    );
  const before = await stale();
  expect(before).toBeGreaterThan(10);
  await stage.spray(Math.ceil(before / 10), stage.address());
  expect(await stale()).toBe(0);
});
