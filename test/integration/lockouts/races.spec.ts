import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BoundedPool } from '../../../src/common/bounded-pool.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';
import { LOCKOUTS, logIn, tally } from '../../support/lockout-words.js';

const AT_ONCE = 100;
const WRONG = 'not the password of anybody';

let first: TestServer;
let second: TestServer;
let ada: Actor & { username: string };

beforeAll(async () => {
  first = await startTestServer({ env: LOCKOUTS });
  second = await startTestServer({ env: LOCKOUTS, database: first.database });
});
beforeEach(async () => {
  await first.sql.query('DELETE FROM login_failures');
  const username = `ada.${unique()}`;
  ada = { ...(await first.signUp({ username })), username };
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(async () => {
  await second.close();
  await first.close();
});

/** Counts what enters the pool for CPU-heavy work: every password that is looked at does. */
const countHashes = () => jest.spyOn(BoundedPool.prototype, 'run');

/** Half of them to each process. */
const atOnce = (count: number, attempt: (server: TestServer, n: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length: count }, (_, n) => attempt(n % 2 === 0 ? first : second, n)));

describe('a hundred logins at once, on two processes', () => {
  it('with wrong passwords: eight are looked at, the others are locked out', async () => {
    const hashes = countHashes();
    const answers = await atOnce(AT_ONCE, (server) => logIn(server, { email: ada.email, password: WRONG }));
    expect(tally(answers)).toEqual({ '401 INVALID_CREDENTIALS': 8, '429 LOCKED_OUT': 92 });
    expect(hashes).toHaveBeenCalledTimes(8);
  });

  it('with wrong passwords for an account that does not exist: the same', async () => {
    const hashes = countHashes();
    const email = `nobody-${unique()}@example.com`;
    const answers = await atOnce(AT_ONCE, (server) => logIn(server, { email, password: WRONG }));
    expect(tally(answers)).toEqual({ '401 INVALID_CREDENTIALS': 8, '429 LOCKED_OUT': 92 });
    expect(hashes).toHaveBeenCalledTimes(8);
  });

  it('for as many accounts: as many are looked at as one address may fail', async () => {
    const hashes = countHashes();
    const crowd = unique();
    const answers = await atOnce(AT_ONCE, (server, n) =>
      logIn(server, { email: `nobody-${crowd}-${n}@example.com`, password: WRONG }),
    );
    expect(tally(answers)).toEqual({ '401 INVALID_CREDENTIALS': 20, '429 RATE_LIMITED': 80 });
    expect(hashes).toHaveBeenCalledTimes(20);
  });

  it('of one person with the right password: all are let in, by either name', async () => {
    const { email, username, password } = ada;
    const answers = await atOnce(AT_ONCE, (server, n) =>
      logIn(server, n % 3 === 0 ? { username, password } : { email, password }),
    );
    expect(tally(answers)).toEqual({ '200': AT_ONCE });
    const { rows } = await first.sql.query(
      `SELECT count(*)::int AS left FROM login_failures WHERE pending <> '{}' OR failed_at <> '{}'`,
    );
    expect(rows).toEqual([{ left: 0 }]);
  });

  it('on a known device with wrong passwords: eight are looked at', async () => {
    const { email, password } = ada;
    const device = (await logIn(first, { email, password })).body.device_token as string;
    const hashes = countHashes();
    const answers = await atOnce(AT_ONCE, (server) => logIn(server, { email, password: WRONG }, device));
    expect(tally(answers)).toEqual({ '401 INVALID_CREDENTIALS': 8, '429 LOCKED_OUT': 92 });
    expect(hashes).toHaveBeenCalledTimes(8);
  });

  it('that change a password, with a wrong current one: eight are looked at', async () => {
    const hashes = countHashes();
    const answers = await atOnce(AT_ONCE, (server) =>
      server.as(ada).post('/users/change-password', {
        current_password: WRONG,
        new_password: 'seven lanterns over a quiet harbour',
      }),
    );
    expect(tally(answers)).toEqual({ '401 INVALID_CREDENTIALS': 8, '429 LOCKED_OUT': 92 });
    expect(hashes).toHaveBeenCalledTimes(8);
  });
});
