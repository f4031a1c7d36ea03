import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const NEW_PASSWORD = 'nine herons beside a copper weir';

describe('GET /users/info', () => {
  it('shows who I am and which session this is', async () => {
    const username = `info.${unique()}`;
    const alice = await server.signUp({ username });
    const { status, body } = await server.as(alice).get('/users/info');
    expect(status).toBe(200);
    expect(body).toEqual({
      user_id: alice.id,
      id: alice.id,
      name: alice.name,
      email: alice.email,
      username,
      role: 'user',
      is_active: true,
      email_verified: false,
      pending_email: null,
      created_at: expect.stringMatching(/Z$/),
      session: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), expires_at: expect.stringMatching(/Z$/) },
    });
    const days =
      (Date.parse(body.session.expires_at as string) - Date.parse(body.created_at as string)) / 864e5;
    expect(days).toBeCloseTo(14, 1);
  });
});

describe('changing the password', () => {
  it('ends every other session, and lets this one go on', async () => {
    const alice = await server.signUp();
    const elsewhere = await server.logIn(alice);
    const answer = await server
      .as(alice)
      .post('/users/change-password', { current_password: alice.password, new_password: NEW_PASSWORD });
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { message: expect.any(String) },
    });
    expect((await server.as(alice).get('/users/info')).status).toBe(200);
    expect((await server.as({ token: elsewhere }).get('/users/info')).status).toBe(401);
    const { email, password } = alice;
    expect((await server.api.post('/users/login', { email, password })).status).toBe(401);
    expect((await server.api.post('/users/login', { email, password: NEW_PASSWORD })).status).toBe(200);
  });

  it.each([
    [
      'a wrong current password',
      { current_password: 'wrong', new_password: NEW_PASSWORD },
      401,
      'INVALID_CREDENTIALS',
    ],
    ['a weak new one', { new_password: 'password1' }, 422, 'WEAK_PASSWORD'],
    ['a short new one', { new_password: 'k9$Xq' }, 422, 'WEAK_PASSWORD'],
    ['no new one', {}, 422, 'VALIDATION_ERROR'],
  ])('is refused with %s, and changes nothing', async (_, request, status, code) => {
    const alice = await server.signUp();
    const elsewhere = await server.logIn(alice);
    const answer = await server
      .as(alice)
      .post('/users/change-password', { current_password: alice.password, ...request });
    expect({ status: answer.status, code: answer.body.error.code as string }).toEqual({ status, code });
    expect((await server.as({ token: elsewhere }).get('/users/info')).status).toBe(200);
    await server.logIn(alice);
  });

  it('says that it is the current password that is wrong', async () => {
    const answer = await server.as(await server.signUp()).post('/users/change-password', {
      current_password: 'wrong',
      new_password: NEW_PASSWORD,
    });
    expect(answer.body.error).toMatchObject({
      code: 'INVALID_CREDENTIALS',
      message: 'The current password is wrong.',
    });
  });

  it('is refused when the new one is the own name', async () => {
    const alice = await server.signUp({ name: 'Quillon Vastergard' });
    const answer = await server.as(alice).post('/users/change-password', {
      current_password: alice.password,
      new_password: 'quillonvastergard',
    });
    expect(answer.body.error.code).toBe('WEAK_PASSWORD');
  });

  it('of many at once lets one win, and only its password opens the account', async () => {
    const alice = await server.signUp();
    const wishes = Array.from({ length: 10 }, (_, n) => `${NEW_PASSWORD} number ${n}`);
    const answers = await Promise.all(
      wishes.map((wish) =>
        server
          .as(alice)
          .post('/users/change-password', { current_password: alice.password, new_password: wish }),
      ),
    );
    const won = wishes.filter((_, n) => answers[n]!.status === 200);
    expect(won).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(9);
    await server.logIn({ email: alice.email, password: won[0]! });
  });
});

describe('changing my profile', () => {
  it('changes name and username, and answers the account', async () => {
    const alice = await server.signUp();
    const username = `new.${unique()}`;
    const answer = await server.as(alice).patch('/users/', { name: 'Alice \u{1f9a6}', username });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id: alice.id,
      name: 'Alice \u{1f9a6}',
      email: alice.email,
      username,
      is_active: true,
      email_verified: false,
      pending_email: null,
      role: 'user',
      created_at: expect.any(String),
    });
    const { body } = await server.as(alice).get('/users/info');
    expect(body).toMatchObject({ name: 'Alice \u{1f9a6}', username });
  });

  it('changes only what was named, and with nothing named nothing', async () => {
    const username = `kept.${unique()}`;
    const alice = await server.signUp({ username });
    expect((await server.as(alice).patch('/users', { name: 'Other' })).body).toMatchObject({ username });
    expect((await server.as(alice).patch('/users', {})).body).toMatchObject({ name: 'Other', username });
  });

  it('gives a username up with null, so that another person can take it', async () => {
    const username = `free.${unique()}`;
    const alice = await server.signUp({ username });
    const bob = await server.signUp();
    const taken = await server.as(bob).patch('/users', { username: username.toUpperCase() });
    expect({ status: taken.status, code: taken.body.error.code as string }).toEqual({
      status: 400,
      code: 'USER_EXISTS',
    });
    expect((await server.as(alice).patch('/users', { username: null })).body).toMatchObject({
      username: null,
    });
    expect((await server.as(bob).patch('/users', { username })).body).toMatchObject({ username });
  });

  it('can respell my own username', async () => {
    const username = `spelt.${unique()}`;
    const alice = await server.signUp({ username });
    const respelt = username.toUpperCase();
    expect((await server.as(alice).patch('/users', { username: respelt })).body).toMatchObject({
      username: respelt,
    });
  });

  it('lets one of two people have a username that both ask for at once', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => server.signUp()));
    const username = `wanted.${unique()}`;
    const answers = await Promise.all(people.map((one) => server.as(one).patch('/users', { username })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(400)]);
  });

  it.each([
    ['name', null],
    ['name', ''],
    ['name', 'x'.repeat(101)],
    ['name', 'a\0b'],
    ['name', 5],
    ['username', ''],
    ['username', 'ab'],
    ['username', 'a@b.example'],
    ['username', 'x'.repeat(33)],
    ['email', null],
    ['email', 'nowhere'],
    ['role', 'admin'],
    ['is_active', true],
    ['id', 1],
  ])('refuses %s: %j', async (field, value) => {
    const alice = await server.signUp();
    const answer = await server.as(alice).patch('/users', { [field]: value });
    expect(answer.status).toBe(422);
    expect(answer.body.error.details.fields).toEqual([{ field, problems: expect.any(Array) }]);
  });
});

describe('deleting my account', () => {
  it('answers 204, and leaves no session, key or note behind', async () => {
    const alice = await server.signUp();
    const bob = await server.signUp();
    for (const person of [alice, bob]) {
      const note = await server
        .as(person)
        .post('/users/notes', { title: 'Mine', content: 'and nobody else' });
      expect(note.status).toBe(201);
    }
    const answer = await server.as(alice).delete('/users/');
    expect({ status: answer.status, body: answer.body as unknown }).toEqual({ status: 204, body: undefined });
    expect((await server.as(alice).get('/users/info')).status).toBe(401);
    const { email, password } = alice;
    expect((await server.api.post('/users/login', { email, password })).status).toBe(401);
    const left = async (id: number) => {
      const { rows } = await server.sql.query<{ left: number }>(
        `SELECT (SELECT count(*) FROM users WHERE id = $1) + (SELECT count(*) FROM sessions WHERE user_id = $1)
              + (SELECT count(*) FROM notes WHERE user_id = $1) + (SELECT count(*) FROM user_keys WHERE user_id = $1) AS left`,
        [id],
      );
      return rows[0]!.left;
    };
    expect(await left(alice.id)).toBe(0);
    expect(await left(bob.id)).toBe(4);
  });

  it('frees the address for a new account that has nothing of the old one', async () => {
    const alice = await server.signUp();
    await server.as(alice).post('/users/notes', { title: 'Mine', content: 'and nobody else' });
    await server.as(alice).delete('/users');
    const again = await server.signUp({ email: alice.email });
    expect(again.id).not.toBe(alice.id);
    expect((await server.as(again).get('/users/notes')).body.items).toEqual([]);
  });

  it('needs a login within the last 15 minutes', async () => {
    const alice = await server.signUp();
    const age = (minutes: number) =>
      server.sql.query(
        `UPDATE sessions SET authenticated_at = now() - make_interval(mins => $2) WHERE user_id = $1`,
        [alice.id, minutes],
      );
    await age(16);
    const refused = await server.as(alice).delete('/users');
    expect({ status: refused.status, code: refused.body.error.code as string }).toEqual({
      status: 403,
      code: 'REAUTHENTICATION_REQUIRED',
    });
    expect((await server.as(alice).get('/users/info')).status).toBe(200);
    await age(14);
    expect((await server.as(alice).delete('/users')).status).toBe(204);
  });
});

it('no answer shows a hash, a salt, a ciphertext or a voter key', async () => {
  const admin = await server.signUpAdmin();
  const registration = { name: 'Eve', email: `eve-${unique()}@example.com`, password: NEW_PASSWORD };
  const answers = [await server.api.post('/users/register', registration)];
  const logIn = await server.api
    .post('/users/login', registration)
    .then(() =>
      server.api.post('/users/login', { email: registration.email, password: registration.password }),
    );
  const eve = server.as({ token: logIn.body.access_token as string });
  const note = { title: 'Title', content: 'Content' };
  answers.push(
    logIn,
    await eve.get('/users/info'),
    await eve.patch('/users', { name: 'Eva' }),
    await eve.post('/users/change-password', {
      current_password: NEW_PASSWORD,
      new_password: `${NEW_PASSWORD} again`,
    }),
    await eve.post('/users/notes', note),
    await eve.post('/users/notes', { ...note, personal_encryption: true, password: 'opens the note' }),
    await eve.get('/users/notes'),
    await server.as(admin).get('/admin/users'),
    await server.as(admin).get(`/admin/users/${admin.id}`),
    await server.as(admin).patch(`/admin/users/${answers[0]!.body.id}`, { is_active: true }),
    await eve.post('/users/logout'),
  );
  expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
  const keys = new Set<string>();
  const values: string[] = [];
  for (const { body } of answers) {
    JSON.stringify(body, (key, value: unknown) => {
      keys.add(key);
      if (typeof value === 'string') values.push(value);
      return value;
    });
  }
  expect(
    [...keys].filter((key) => /pass|hash|salt|cipher|seal|wrapped|nonce|kdf|voter|normalized/i.test(key)),
  ).toEqual([]);
  expect(values.filter((value) => /argon2|\$v=19/.test(value))).toEqual([]);
  const known = /^(?:[\w-]+\.[\w-]+\.[\w-]+|[\w-]{43})$/;
  const { access_token, token, refresh_token, device_token } = logIn.body as Record<string, string>;
  const opaque = values.filter((value) => known.test(value) && !/[ @]/.test(value));
  expect(new Set(opaque)).toEqual(new Set([access_token, token, refresh_token, device_token]));
});
