import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BoundedPool } from '../../../src/common/bounded-pool.js';
import { Metrics } from '../../../src/common/metrics/metrics.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';
import { LOCKOUTS, logIn } from '../../support/lockout-words.js';

const WRONG = 'not the password of anybody';

let server: TestServer;
let admin: Actor;

beforeAll(async () => {
  server = await startTestServer({
    env: { ...LOCKOUTS, RL_LOGIN_IP_LIMIT: '100000', LOGIN_FAIL_IP_THRESHOLD: '100000' },
  });
  admin = await server.signUpAdmin();
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => server.close());

/** All of an answer but what no two answers share: its id, the time, and what time takes from Retry-After. */
function comparable({ status, headers, body }: Answer): string {
  const { request_id: requestId, ...error } = body.error as Record<string, unknown>;
  expect(requestId).toBe(headers.get('x-request-id'));
  const retryAfter = Number(headers.get('retry-after') ?? 0);
  expect(retryAfter === 0 || (retryAfter > 800 && retryAfter <= 900)).toBe(true);
  const told = [...headers].filter(
    ([name]) => !['x-request-id', 'date', 'retry-after', 'ratelimit'].includes(name),
  );
  return JSON.stringify({
    status,
    error,
    told,
    waits: retryAfter > 0,
    length: headers.get('content-length'),
  });
}

/** What eleven wrong passwords and then the right one are answered, and how many hashes each answer cost. */
async function course(who: { email: string } | { username: string }, right: string): Promise<string[]> {
  const hashes = jest.spyOn(BoundedPool.prototype, 'run');
  const answers: string[] = [];
  for (const password of [...Array<string>(11).fill(WRONG), right]) {
    hashes.mockClear();
    const answer = comparable(await logIn(server, { ...who, password }));
    answers.push(`${answer} ${hashes.mock.calls.length}`);
  }
  hashes.mockRestore();
  return answers;
}

describe('on the way into a lockout', () => {
  it('every answer is the same, and costs the same, whether or not there is an account', async () => {
    const known = await server.signUp();
    const named = { ...(await server.signUp({ username: `named.${unique()}` })) };
    const disabled = await server.signUp();
    await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [disabled.id]);
    const passwordless = await server.signUp();
    await server.sql.query('UPDATE users SET password_hash = NULL WHERE id = $1', [passwordless.id]);
    await server.sql.query('DELETE FROM login_failures');

    const expected = await course({ email: known.email }, known.password);
    expect(
      expected.filter((answer) => answer.includes('INVALID_CREDENTIALS') && answer.endsWith(' 1')),
    ).toHaveLength(8);
    expect(expected.filter((answer) => answer.includes('LOCKED_OUT') && answer.endsWith(' 0'))).toHaveLength(
      4,
    );
    // The right password is answered as the wrong ones before it.
    expect(expected.at(-1)).toBe(expected.at(-2));
    const { rows } = await server.sql.query<{ username: string }>(
      'SELECT username FROM users WHERE id = $1',
      [named.id],
    );
    for (const [who, password] of [
      [{ username: rows[0]!.username }, named.password],
      [{ email: `nobody-${unique()}@example.com` }, known.password],
      [{ username: `nobody.${unique()}` }, known.password],
      [{ email: disabled.email }, disabled.password],
      [{ email: passwordless.email }, passwordless.password],
    ] as const)
      expect(await course(who, password)).toEqual(expected);
  });

  it('every answer is the same with an unknown device token', async () => {
    const known = await server.signUp();
    const token = 'A'.repeat(43);
    const answers = async (email: string) => {
      const all: string[] = [];
      for (let n = 0; n < 9; n += 1)
        all.push(comparable(await logIn(server, { email, password: WRONG }, token)));
      return all;
    };
    expect(await answers(`nobody-${unique()}@example.com`)).toEqual(await answers(known.email));
  });
});

it('what is refused is counted apart from what was looked at', async () => {
  const count = async (outcome: string) =>
    Number(
      new RegExp(`mc101_logins_total\\{outcome="${outcome}"\\} (\\d+)`).exec(
        await server.app.get(Metrics).expose(),
      )![1],
    );
  const [looked, refused] = [await count('invalid_credentials'), await count('locked_out')];
  const email = `nobody-${unique()}@example.com`;
  for (let n = 0; n < 11; n += 1) await logIn(server, { email, password: WRONG });
  expect(await count('invalid_credentials')).toBe(looked + 8);
  expect(await count('locked_out')).toBe(refused + 3);
});

describe('POST /users/change-password', () => {
  const change = (actor: Pick<Actor, 'token'>, current: string) =>
    server.as(actor).post('/users/change-password', {
      current_password: current,
      new_password: `seven lanterns over harbour ${unique()}`,
    });

  it('takes eight wrong passwords of a session, then none, while the other sessions of the account go on', async () => {
    const ada = await server.signUp();
    const stolen = { token: await server.logIn(ada) };
    for (let n = 0; n < 8; n += 1) expect((await change(stolen, WRONG)).status).toBe(401);
    const refused = await change(stolen, ada.password);
    expect(refused.status).toBe(429);
    expect(refused.body.error.code).toBe('LOCKED_OUT');
    expect((await change(ada, ada.password)).status).toBe(200);
  });

  it('does not count a right password, however weak the new one is', async () => {
    const ada = await server.signUp();
    for (let n = 0; n < 10; n += 1) {
      const answer = await server
        .as(ada)
        .post('/users/change-password', { current_password: ada.password, new_password: 'password' });
      expect(answer.body.error.code).toBe('WEAK_PASSWORD');
    }
    expect((await change(ada, ada.password)).status).toBe(200);
  });
});

describe('POST /admin/users/{id}/unlock', () => {
  it('lets somebody in again, is recorded, and is for admins alone', async () => {
    const ada = await server.signUp();
    for (let n = 0; n < 8; n += 1) await logIn(server, { email: ada.email, password: WRONG });
    const path = `/admin/users/${ada.id}/unlock`;
    expect((await server.as(ada).post(path)).status).toBe(403);
    expect((await logIn(server, { email: ada.email, password: ada.password })).status).toBe(429);
    const answer = await server.as(admin).post(path);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { message: expect.any(String) },
    });
    expect((await logIn(server, { email: ada.email, password: ada.password })).status).toBe(200);
    const { rows } = await server.sql.query(
      `SELECT actor_id, subject_id FROM audit_events WHERE event_type = 'authn_login_unlock'`,
    );
    expect(rows).toEqual([{ actor_id: admin.id, subject_id: ada.id }]);
  });

  it('of nobody is a 404', async () => {
    const answer = await server.as(admin).post('/admin/users/987654321/unlock');
    expect(answer.body.error.code).toBe('USER_NOT_FOUND');
  });
});
