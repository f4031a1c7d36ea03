import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompleteLoginService } from '../../../src/auth/mfa/complete-login.service.js';
import { Clock } from '../../../src/common/clock.js';
import type { Actor } from '../../support/api-client.js';
import { enrol, StoppedClock, type Enrolled } from '../../support/authenticator.js';
import { LockoutStage, WRONG } from '../../support/lockout-stage.js';

/** Somebody knows the password and guesses the codes, from anywhere, on any process, all at once. */

const LOCKED = 'LOCKED_OUT';
const WRONG_CODE = 'CODE_INVALID';
const QUARTER = 15 * 60;

let stage: LockoutStage;
let other: LockoutStage;
let time: StoppedClock;
beforeAll(async () => {
  stage = await LockoutStage.open();
  other = await LockoutStage.open({}, stage.server.database);
  const clock = stage.server.app.get(Clock);
  time = new StoppedClock(clock);
  other.server.app.get(Clock).now = () => clock.now();
});
afterAll(async () => {
  await other.close();
  await stage.close();
});

async function victim(): Promise<Enrolled> {
  return enrol(stage.server.api, stage.server.app.get(Clock), await stage.person());
}

interface From {
  ip?: string;
  device?: string;
  at?: LockoutStage;
}

/** The token of a login whose password was right. */
async function pass({ email, password }: Actor, { at = stage, ...from }: From = {}): Promise<string> {
  const { outcome, mfaToken } = await at.logIn({ email }, password, from);
  expect(outcome).toBe('mfa');
  return mfaToken!;
}

/** @returns `in`, or the code of the refusal */
async function complete(
  mfaToken: string,
  code: string,
  { ip = stage.address(), device, at = stage }: From = {},
): Promise<string> {
  try {
    const client = { ip, userAgent: null, deviceToken: device ?? null };
    await at.server.app.get(CompleteLoginService).complete({ mfa_token: mfaToken, code }, 'bearer', client);
    return 'in';
  } catch (error) {
    const { code: refusal } = error as { code?: string };
    if (refusal === undefined || !/^[A-Z_]+$/.test(refusal)) throw error;
    return refusal;
  }
}

async function guess(person: Enrolled, from: From = {}): Promise<string> {
  return complete(await pass(person, from), person.app.wrongCode(), from);
}

async function unlock({ id }: Actor): Promise<void> {
  const admin = await stage.server.signUpAdmin();
  const { status } = await stage.server.as(admin).post(`/admin/users/${id}/unlock`);
  expect(status).toBe(200);
}

const lettersOfLocks = async ({ email }: Actor) =>
  (await stage.server.mailsTo(email)).filter(({ kind }) => /lockout/i.test(kind));

const tally = (outcomes: string[]) =>
  Object.fromEntries(
    [...new Set(outcomes)].sort().map((one) => [one, outcomes.filter((each) => each === one).length]),
  );

describe('guessing the second factor of somebody', () => {
  it('is over after eight wrong codes, wherever they come from; then also a right one is not looked at', async () => {
    const alice = await victim();
    const outcomes: string[] = [];
    for (let tries = 0; tries < 8; tries += 1)
      outcomes.push(await guess(alice, { at: tries % 2 ? other : stage }));
    expect(tally(outcomes)).toEqual({ [WRONG_CODE]: 8 });
    const right = alice.app.freshCode();
    expect(await complete(await pass(alice), right)).toBe(LOCKED);
    expect(await complete(await pass(alice, { at: other }), right, { at: other })).toBe(LOCKED);
    await stage.pass(QUARTER + 1);
    // It was not used up by what was refused.
    expect(await complete(await pass(alice), right)).toBe('in');
  });

  it('compares no more than eight of a hundred codes that come at once, by twenty logins, to two processes', async () => {
    const alice = await victim();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => pass(alice)));
    const outcomes = await Promise.all(
      tokens.flatMap((token, n) =>
        Array.from({ length: 5 }, () =>
          complete(token, alice.app.wrongCode(), { at: n % 2 ? other : stage }),
        ),
      ),
    );
    const counted = tally(outcomes);
    expect(counted[WRONG_CODE]).toBe(8);
    expect(Object.keys(counted).sort()).toEqual([WRONG_CODE, LOCKED].sort());
  });

  it('gets five tries a login, however many come at once', async () => {
    const alice = await victim();
    const token = await pass(alice);
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => complete(token, alice.app.wrongCode())),
    );
    expect(tally(outcomes)).toEqual({ [WRONG_CODE]: 5, MFA_TOKEN_INVALID: 45 });
  });

  it('is locked for twice as long each time within a day, up to a day', async () => {
    const alice = await victim();
    const locks: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      for (let tries = 0; tries < 8; tries += 1) expect(await guess(alice)).toBe(WRONG_CODE);
      expect(await guess(alice)).toBe(LOCKED);
      const events = await stage.events('authn_login_lock');
      const seconds = events
        .filter(({ subject_id: id, details }) => id === alice.id && details['scope'] === 'factor')
        .map(({ details }) => Number(details['seconds']));
      locks.push(seconds.at(-1)!);
      await stage.pass(seconds.at(-1)! + 1);
      await stage.server.sql.query('UPDATE login_failures SET failed_at = $1 WHERE account IS NULL', [[]]);
    }
    expect(locks).toEqual([1, 2, 4, 8, 16, 32, 64, 96, 96].map((quarters) => quarters * QUARTER));
  });

  it('does not lock the owner out on a device that is known, nor by it anybody else', async () => {
    const alice = await victim();
    time.pass(60);
    const login = await stage.server.app
      .get(CompleteLoginService)
      .complete({ mfa_token: await pass(alice), code: alice.app.freshCode() }, 'bearer', {
        ip: stage.address(),
        userAgent: null,
        deviceToken: null,
      });
    const device = login.deviceToken;
    for (let tries = 0; tries < 8; tries += 1) await guess(alice);
    expect(await guess(alice)).toBe(LOCKED);
    time.pass(60);
    expect(await complete(await pass(alice, { device }), alice.app.freshCode(), { device })).toBe('in');
    // Nor does a success there forgive what strangers failed.
    expect(await guess(alice)).toBe(LOCKED);
    // The device has tries of its own, and not more.
    for (let tries = 0; tries < 8; tries += 1) expect(await guess(alice, { device })).toBe(WRONG_CODE);
    expect(await guess(alice, { device })).toBe(LOCKED);
  });

  it('counts at the address that it comes from, too', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, victim));
    const ip = stage.address();
    const outcomes: string[] = [];
    for (const person of people)
      for (let tries = 0; tries < 5; tries += 1) {
        const login = await stage.logIn({ email: person.email }, person.password, { ip });
        outcomes.push(
          login.outcome === 'mfa'
            ? await complete(login.mfaToken!, person.app.wrongCode(), { ip })
            : login.outcome,
        );
      }
    // RL_LOGIN_IP_LIMIT: twenty failures in ten minutes.
    expect(tally(outcomes)).toEqual({ [WRONG_CODE]: 20, RATE_LIMITED: 5 });
  });

  it('is told to the owner once it locks: their password is known; and stands in the log with its reason', async () => {
    const alice = await victim();
    for (let tries = 0; tries < 8; tries += 1) await guess(alice);
    const told = stage.notices.filter(({ kind, userId }) => kind.includes('lockout') && userId === alice.id);
    expect(told).toEqual([
      { kind: 'second_factor_lockout', userId: alice.id, seconds: QUARTER, firstFactor: 'password' },
    ]);
    const letters = await lettersOfLocks(alice);
    expect(letters.map(({ kind }) => kind)).toEqual(['secondFactorLockout']);
    const text = letters[0]!.text.replaceAll('\n', ' ');
    expect(text).toContain('Somebody knows your password');
    expect(text).toContain('set another password');
    expect(text).not.toMatch(/wrong passwords|nobody has got in/);
    const failed = await stage.events('authn_login_fail');
    const own = failed.filter(({ subject_id: id }) => id === alice.id);
    expect(own).toHaveLength(8);
    for (const { details } of own)
      expect(details).toEqual({
        reason: 'wrong_code',
        identifier: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
  });

  it('tells of the provider where the login came from one: nobody knows the password', async () => {
    const alice = await victim();
    const { rows } = await stage.server.sql.query<{ id: string }>(
      `INSERT INTO identities (user_id, provider, issuer, subject)
       VALUES ($1, 'google', 'https://accounts.google.com', $2) RETURNING id`,
      [alice.id, alice.email],
    );
    for (let tries = 0; tries < 8; tries += 1) {
      const token = await pass(alice);
      await stage.server.sql.query(
        'UPDATE mfa_tokens SET identity_id = $2, password_digest = NULL WHERE user_id = $1',
        [alice.id, rows[0]!.id],
      );
      expect(await complete(token, alice.app.wrongCode())).toBe(WRONG_CODE);
    }
    const [letter] = await lettersOfLocks(alice);
    const text = letter!.text.replaceAll('\n', ' ');
    expect(text).toContain('logged in as you at a provider');
    expect(text).not.toContain('your password');
  });

  it('is told also on a day on which wrong passwords were told of', async () => {
    const alice = await victim();
    await stage.fail({ email: alice.email }, 8);
    await unlock(alice);
    for (let tries = 0; tries < 8; tries += 1) await guess(alice);
    expect((await lettersOfLocks(alice)).map(({ kind }) => kind).sort()).toEqual([
      'lockout',
      'secondFactorLockout',
    ]);
  });

  it('begins anew when an admin unlocks the account', async () => {
    const alice = await victim();
    for (let tries = 0; tries < 8; tries += 1) await guess(alice);
    await unlock(alice);
    time.pass(60);
    expect(await complete(await pass(alice), alice.app.freshCode())).toBe('in');
  });

  it('of backup codes is counted the same way', async () => {
    const alice = await victim();
    const outcomes: string[] = [];
    for (let tries = 0; tries < 9; tries += 1) {
      const client = { ip: stage.address(), userAgent: null, deviceToken: null };
      const wrong = `aaaa-aaaa-aaaa-aaaa-aaaa-aaa${'abcdefghi'[tries]!}`;
      outcomes.push(
        await stage.server.app
          .get(CompleteLoginService)
          .complete({ mfa_token: await pass(alice), backup_code: wrong }, 'bearer', client)
          .then(
            () => 'in',
            (error: unknown) => (error as { code: string }).code,
          ),
      );
    }
    expect(tally(outcomes)).toEqual({ [WRONG_CODE]: 8, [LOCKED]: 1 });
  });
});

describe('a login that waits for its second factor', () => {
  it('is no failure, however often it happens', async () => {
    const alice = await victim();
    const ip = stage.address();
    for (let logins = 0; logins < 25; logins += 1) await pass(alice, { ip });
    time.pass(60);
    expect(await complete(await pass(alice, { ip }), alice.app.freshCode(), { ip })).toBe('in');
  });

  it('is no success: it forgives no failure, makes no device known, and tells of none', async () => {
    const alice = await victim();
    time.pass(60);
    const first = await stage.server.app
      .get(CompleteLoginService)
      .complete({ mfa_token: await pass(alice), code: alice.app.freshCode() }, 'bearer', {
        ip: stage.address(),
        userAgent: null,
        deviceToken: null,
      });
    const device = first.deviceToken;
    const devices = async () =>
      (await stage.server.sql.query('SELECT FROM known_devices WHERE user_id = $1', [alice.id])).rowCount;
    const before = await devices();
    // On a known device a success would forgive these.
    await stage.fail({ email: alice.email }, 7, { device });
    await pass(alice, { device });
    expect((await stage.fail({ email: alice.email }, 1, { device })).outcome).toBe('INVALID_CREDENTIALS');
    expect((await stage.logIn({ email: alice.email }, alice.password, { device })).outcome).toBe(LOCKED);
    expect(await devices()).toBe(before);
  });

  it('once it is completed is a success: what its device failed is forgiven, passwords and codes', async () => {
    const alice = await victim();
    time.pass(60);
    const client = { ip: stage.address(), userAgent: null, deviceToken: null };
    const { deviceToken: device } = await stage.server.app
      .get(CompleteLoginService)
      .complete({ mfa_token: await pass(alice), code: alice.app.freshCode() }, 'bearer', client);
    for (let round = 0; round < 2; round += 1) {
      await stage.fail({ email: alice.email }, 5, { device });
      for (let tries = 0; tries < 5; tries += 1) await guess(alice, { device });
      time.pass(60);
      expect(await complete(await pass(alice, { device }), alice.app.freshCode(), { device })).toBe('in');
    }
    const after = await stage.events('authn_login_successafterfail');
    expect(after.filter(({ subject_id: id }) => id === alice.id).length).toBeGreaterThanOrEqual(2);
  });

  it('does not wait where the password was wrong or not looked at', async () => {
    const alice = await victim();
    expect((await stage.logIn({ email: alice.email }, WRONG)).outcome).toBe('INVALID_CREDENTIALS');
    await stage.fail({ email: alice.email }, 8);
    expect((await stage.logIn({ email: alice.email }, alice.password)).outcome).toBe(LOCKED);
    const { rowCount } = await stage.server.sql.query('SELECT FROM mfa_tokens WHERE user_id = $1', [
      alice.id,
    ]);
    expect(rowCount).toBe(0);
  });
});
