import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BoundedPool } from '../../../src/common/bounded-pool.js';
import { BusyError } from '../../../src/common/errors/common.errors.js';
import { codeOf, NotesFixture, PASSWORD } from './notes-fixture.js';

let vault: NotesFixture;
let alice: number;

beforeAll(async () => {
  vault = await NotesFixture.start();
  alice = await vault.addUser();
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(async () => {
  await vault.close();
  await vault.database.drop();
});

/** Counts what enters the pool for CPU-heavy work: every key derivation does. */
const countDerivations = () => jest.spyOn(BoundedPool.prototype, 'run');

const tryWrong = (id: number) => codeOf(vault.notes.read(alice, id, 'not the password'));

const fillAttempts = (id: number, secondsAgo: number[]) =>
  vault.sql.query(
    `INSERT INTO note_password_attempts (note_id, user_id, attempted_at)
     SELECT $1, $2, array_agg(now() - make_interval(secs => s)) FROM unnest($3::float8[]) s
     ON CONFLICT (note_id, user_id) DO UPDATE SET attempted_at = excluded.attempted_at`,
    [id, alice, secondsAgo],
  );

describe('wrong note passwords', () => {
  it('the sixth try is refused with the time to wait, and derives no key, even with the right password', async () => {
    const { id } = await vault.writePersonal(alice);
    for (let n = 0; n < 5; n += 1) expect(await tryWrong(id)).toBe('NOTE_PASSWORD_INVALID');

    const derivations = countDerivations();
    await expect(vault.notes.read(alice, id, PASSWORD)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterSeconds: expect.any(Number),
    });
    const refusal = await vault
      .patch(alice, id, { content: 'x', password: PASSWORD })
      .catch((e: unknown) => e);
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
    const { retryAfterSeconds } = refusal as { retryAfterSeconds: number };
    expect(retryAfterSeconds).toBeGreaterThan(850);
    expect(retryAfterSeconds).toBeLessThanOrEqual(900);
    expect(derivations).not.toHaveBeenCalled();
  });

  it('of 20 wrong passwords at once at most five derive a key', async () => {
    const { id } = await vault.writePersonal(alice);
    const derivations = countDerivations();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => tryWrong(id)));
    expect(outcomes.filter((code) => code === 'NOTE_PASSWORD_INVALID')).toHaveLength(5);
    expect(outcomes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15);
    expect(derivations).toHaveBeenCalledTimes(5);
  });

  it('tries leave the window one by one after 15 minutes', async () => {
    const { id } = await vault.writePersonal(alice);
    await fillAttempts(id, [895, 500, 400, 300, 200]);
    const refusal = await vault.notes.read(alice, id, 'wrong').catch((error: unknown) => error);
    expect((refusal as { retryAfterSeconds: number }).retryAfterSeconds).toBeLessThanOrEqual(5);

    await fillAttempts(id, [901, 500, 400, 300, 200]);
    expect(await tryWrong(id)).toBe('NOTE_PASSWORD_INVALID');
    expect(await tryWrong(id)).toBe('RATE_LIMITED');
  });

  it('a right password forgets the wrong ones before it', async () => {
    const { id } = await vault.writePersonal(alice);
    await fillAttempts(id, [40, 30, 20, 10]);
    expect(await codeOf(vault.notes.read(alice, id, PASSWORD))).toBe('answered');
    for (let n = 0; n < 5; n += 1) expect(await tryWrong(id)).toBe('NOTE_PASSWORD_INVALID');
    expect(await tryWrong(id)).toBe('RATE_LIMITED');
  });

  it('wrong passwords of one note do not lock another', async () => {
    const first = await vault.writePersonal(alice);
    const second = await vault.writePersonal(alice, { content: 'second' });
    await fillAttempts(first.id, [5, 4, 3, 2, 1]);
    expect(await tryWrong(first.id)).toBe('RATE_LIMITED');
    expect((await vault.notes.read(alice, second.id, PASSWORD)).content).toBe('second');
  });

  it('a try that a busy service never tested does not count', async () => {
    const { id } = await vault.writePersonal(alice);
    await fillAttempts(id, [40, 30, 20, 10]);
    const pool = jest.spyOn(BoundedPool.prototype, 'run').mockRejectedValue(new BusyError());
    expect(await tryWrong(id)).toBe('BUSY');
    expect(await tryWrong(id)).toBe('BUSY');
    pool.mockRestore();
    expect(await codeOf(vault.notes.read(alice, id, PASSWORD))).toBe('answered');
  });

  it('tries while the pool of the process is full are all BUSY: none counts, not even for the moment', async () => {
    const { id } = await vault.writePersonal(alice);
    await fillAttempts(id, [40, 30, 20]);
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    const { concurrency, queueLimit } = vault.pool;
    const jobs = Array.from({ length: concurrency + queueLimit }, () => vault.pool.run(() => held));
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => tryWrong(id)));
    finish();
    await Promise.all(jobs);
    expect(outcomes).toEqual(Array(20).fill('BUSY'));
    expect(await tryWrong(id)).toBe('NOTE_PASSWORD_INVALID');
    expect(await codeOf(vault.notes.read(alice, id, PASSWORD))).toBe('answered');
  });

  it('a patch that loses a race proves its password once', async () => {
    const { id } = await vault.writePersonal(alice);
    const derivations = countDerivations();
    const original = vault.passwords.unlock.bind(vault.passwords);
    let isFirst = true;
    jest.spyOn(vault.passwords, 'unlock').mockImplementation(async (...args) => {
      const unlocked = await original(...args);
      if (isFirst) await vault.patch(alice, id, { title: 'in between' });
      isFirst = false;
      return unlocked;
    });
    const patched = await vault.patch(alice, id, { content: 'mine', password: PASSWORD });
    expect(patched).toMatchObject({ content: 'mine', title: 'in between', revision: 3 });
    expect(derivations).toHaveBeenCalledTimes(1);
  });
});
