import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Actor } from '../support/api-client.js';
import { comparable } from '../support/comparable.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

describe('a login that fails', () => {
  let server: TestServer;
  let known: Actor;
  let disabled: Actor;
  let passwordless: Actor;

  beforeAll(async () => {
    server = await startTestServer();
    known = await server.signUp({ username: 'known-one' });
    disabled = await server.signUp({ username: 'disabled-one' });
    await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [disabled.id]);
    [passwordless] = (await server.signUpCrowd(1)) as [Actor];
  });
  afterAll(() => server.close());

  const logIn = (body: object) => server.api.post('/users/login', body);
  const sendForm = (fields: Record<string, string>) =>
    server.api.post('/users/login', undefined, {
      rawBody: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });

  it('answers alike for a wrong password, an unknown, a disabled and a passwordless account', async () => {
    const wrong = 'not the password of anybody';
    const expected = comparable(await logIn({ email: known.email, password: wrong }));
    expect(expected.status).toBe(401);
    expect(expected.text).toContain('"code":"INVALID_CREDENTIALS"');
    expect(expected.headers).toEqual(expect.arrayContaining([['www-authenticate', 'Bearer']]));
    const others = [
      logIn({ email: 'nobody@example.com', password: wrong }),
      logIn({ email: disabled.email, password: wrong }),
      logIn({ email: disabled.email, password: disabled.password }),
      logIn({ email: passwordless.email, password: wrong }),
      logIn({ username: 'known-one', password: wrong }),
      logIn({ username: 'disabled-one', password: disabled.password }),
      logIn({ username: 'nobody-at-all', password: wrong }),
      logIn({ username: 'a name that nobody can have', password: wrong }),
      logIn({ username: known.email, password: wrong }),
      sendForm({ username: 'known-one', password: wrong }),
      sendForm({ username: 'nobody@example.com', password: wrong }),
      sendForm({ username: disabled.email, password: disabled.password }),
      logIn({ email: known.email, password: known.password.toUpperCase() }),
      logIn({ email: known.email, password: 'x'.repeat(1024) }),
    ];
    for (const answer of await Promise.all(others)) expect(comparable(answer)).toEqual(expected);
  });

  it.each([
    ['is not one', 'damaged'],
    ['is of another kind', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'],
    ['is cut off', '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ'],
    ['asks for what cannot be', '$argon2id$v=19$m=0,t=0,p=0$c29tZXNhbHQ$aGFzaGhhc2hoYXNo'],
  ])('answers and costs the same when the stored hash %s, and the log names the account', async (_, hash) => {
    const { BoundedPool } = await import('../../src/common/bounded-pool.js');
    const argon2 = (await import('argon2')).default;
    const pool = server.app.get(BoundedPool, { strict: false });
    const person = await server.signUp();
    const expected = comparable(await logIn({ email: known.email, password: 'not the password of anybody' }));
    await server.sql.query('UPDATE users SET password_hash = $2 WHERE id = $1', [person.id, hash]);
    const logged = server.log().length;
    const verify = jest.spyOn(argon2, 'verify');
    expect(comparable(await logIn({ email: person.email, password: person.password }))).toEqual(expected);
    // The decoy was verified, whose parameters are today's.
    expect(verify.mock.calls.at(-1)![0]).toMatch(/^\$argon2id\$v=19\$m=64,p=1,t=1\$/);
    expect(await verify.mock.results.at(-1)!.value).toBe(false);
    verify.mockRestore();
    expect(pool.queued).toBe(0);
    const lines = server.log().slice(logged);
    expect(lines).toContain(`"user":${person.id}`);
    expect(lines).toContain('"level":"error"');
    expect(lines).not.toContain(hash);
  });

  it('costs one password hash, whether or not there is an account', async () => {
    const { BoundedPool } = await import('../../src/common/bounded-pool.js');
    const pool = server.app.get(BoundedPool, { strict: false });
    const run = pool.run.bind(pool);
    let hashes = 0;
    pool.run = (job) => {
      hashes += 1;
      return run(job);
    };
    const costOf = async (body: object) => {
      hashes = 0;
      await logIn(body);
      return hashes;
    };
    const wrong = 'not the password of anybody';
    expect(await costOf({ email: known.email, password: wrong })).toBe(1);
    expect(await costOf({ email: 'nobody@example.com', password: wrong })).toBe(1);
    expect(await costOf({ email: disabled.email, password: disabled.password })).toBe(1);
    expect(await costOf({ email: passwordless.email, password: wrong })).toBe(1);
    expect(await costOf({ username: 'nobody-at-all', password: wrong })).toBe(1);
    pool.run = run;
  });

  it('leaves no session behind', async () => {
    const count = async () => Number((await server.sql.query('SELECT count(*) FROM sessions')).rows[0].count);
    const before = await count();
    await logIn({ email: known.email, password: 'not the password of anybody' });
    await logIn({ email: disabled.email, password: disabled.password });
    expect(await count()).toBe(before);
    await logIn({ email: known.email, password: known.password });
    expect(await count()).toBe(before + 1);
  });
});
