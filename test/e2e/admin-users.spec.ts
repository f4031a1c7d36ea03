import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../support/test-server.js';

let server: TestServer;
let admin: Actor;
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signUpAdmin();
});
afterAll(() => server.close());

const asAdmin = () => server.as(admin);
const codeOf = ({ status, body }: Answer) => ({ status, code: body?.error?.code as string | undefined });

async function list(
  query: string,
): Promise<{ items: { id: number; name: string }[]; next_cursor: string | null }> {
  const answer = await asAdmin().get(`/admin/users${query}`);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body as Awaited<ReturnType<typeof list>>;
}

describe('who may', () => {
  const routes: [string, string][] = [
    ['GET', '/admin/users'],
    ['GET', '/admin/users/1'],
    ['PATCH', '/admin/users/1'],
    ['POST', '/admin/users/1/logout-all'],
  ];

  it.each(routes)('%s %s asks for a token, then for an admin', async (method, path) => {
    const user = await server.signUp();
    expect(codeOf(await server.api.request(method, path))).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    const body = method === 'PATCH' ? { role: 'admin' } : undefined;
    expect(codeOf(await server.as(user).request(method, path, body))).toEqual({
      status: 403,
      code: 'FORBIDDEN',
    });
  });
});

describe('the list of accounts', () => {
  it('shows what an account shows, newest first', async () => {
    const first = await server.signUp();
    const second = await server.signUp();
    const { items } = await list('?limit=2');
    expect(items.map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(items[0]).toEqual({
      id: second.id,
      name: second.name,
      email: second.email,
      username: null,
      is_active: true,
      email_verified: false,
      pending_email: null,
      role: 'user',
      created_at: expect.any(String),
    });
  });

  it('has twenty accounts a page unless asked otherwise', async () => {
    await server.signUpCrowd(25);
    expect((await list('')).items).toHaveLength(20);
    expect((await list('?limit=100')).items.length).toBeGreaterThan(25);
  });

  it('shows every account once over its pages, also while others register', async () => {
    const mark = `paged-${unique()}`;
    const people: number[] = [];
    for (let n = 0; n < 7; n++) people.unshift((await server.signUp({ name: `${mark} ${n}` })).id);
    const seen: number[] = [];
    let cursor = '';
    do {
      const page = await list(`?q=${mark}&limit=3${cursor}`);
      seen.push(...page.items.map(({ id }) => id));
      await server.signUp({ name: `${mark} late` });
      cursor = page.next_cursor === null ? '' : `&cursor=${encodeURIComponent(page.next_cursor)}`;
    } while (cursor !== '');
    expect(seen).toEqual(people);
  });

  it('finds a part of name, address or username, whatever the capitals', async () => {
    const id = unique().replace('-', '');
    const byName = await server.signUp({ name: `Ém\u00edlia Straße${id}` });
    const byEmail = await server.signUp({ email: `Findable.${id}@example.com` });
    const byUsername = await server.signUp({ username: `Seek.${id}` });
    const found = async (q: string) => (await list(`?q=${encodeURIComponent(q)}`)).items.map((one) => one.id);
    expect(await found(`ÉMÍLIA STRAßE${id}`)).toEqual([byName.id]);
    expect(await found(`e\u0301mi\u0301lia straße${id}`)).toEqual([byName.id]);
    expect(await found(`FINDABLE.${id}`)).toEqual([byEmail.id]);
    expect(await found(`seek.${id}`)).toEqual([byUsername.id]);
    expect(await found(`nobody${id}`)).toEqual([]);
  });

  it.each(['%', '_', '\\', "'", '"; DROP TABLE users; --'])('takes %s for what it is', async (character) => {
    const name = `Odd ${unique()} ${character} name`;
    const odd = await server.signUp({ name });
    expect((await list(`?q=${encodeURIComponent(name)}`)).items.map(({ id }) => id)).toEqual([odd.id]);
    const without = encodeURIComponent(`${character}${unique()}`);
    expect((await list(`?q=${without}`)).items).toEqual([]);
  });

  it('filters by role and activity, alone and together', async () => {
    const mark = `filter-${unique()}`;
    const user = await server.signUp({ name: `${mark} user` });
    const boss = await server.signUp({ name: `${mark} boss` });
    const gone = await server.signUp({ name: `${mark} gone` });
    await asAdmin().patch(`/admin/users/${boss.id}`, { role: 'admin' });
    await asAdmin().patch(`/admin/users/${gone.id}`, { is_active: false });
    const ids = async (filter: string) => (await list(`?q=${mark}${filter}`)).items.map(({ id }) => id);
    expect(await ids('&role=admin')).toEqual([boss.id]);
    expect(await ids('&role=user')).toEqual([gone.id, user.id]);
    expect(await ids('&is_active=false')).toEqual([gone.id]);
    expect(await ids('&is_active=true')).toEqual([boss.id, user.id]);
    expect(await ids('&is_active=true&role=user')).toEqual([user.id]);
  });

  it.each(['limit', 'q', 'cursor', 'role', 'is_active'])('takes an empty %s for none', async (name) => {
    expect(await list(`?${name}=`)).toEqual(await list(''));
  });

  it.each([
    ['limit', '0'],
    ['limit', '101'],
    ['limit', '-1'],
    ['limit', '1.5'],
    ['limit', 'ten'],
    ['limit', '1&limit=2'],
    ['role', 'root'],
    ['role', 'user&role=admin'],
    ['is_active', 'yes'],
    ['is_active', '1'],
    ['q', 'a&q=b'],
    ['q', '%00'],
    ['q', 'x'.repeat(255)],
    ['cursor', 'nonsense'],
    ['cursor', Buffer.from('{}').toString('base64url')],
    ['cursor', Buffer.from('[]').toString('base64url')],
    ['cursor', Buffer.from('null').toString('base64url')],
    ['cursor', Buffer.from('["1"]').toString('base64url')],
    ['cursor', Buffer.from('[1,2]').toString('base64url')],
    ['cursor', Buffer.from('[1.5]').toString('base64url')],
    ['cursor', Buffer.from('[1e300]').toString('base64url')],
    ['cursor', Buffer.from('["1; DROP TABLE users"]').toString('base64url')],
    ['cursor', 'A'.repeat(201)],
    ['page', '2'],
  ])('refuses %s=%s', async (name, value) => {
    const answer = await asAdmin().get(`/admin/users?${name}=${value}`);
    expect(codeOf(answer)).toEqual({ status: 422, code: 'VALIDATION_ERROR' });
    expect(answer.body.error.details.fields).toEqual([{ field: name, problems: expect.any(Array) }]);
  });
});

describe('one account', () => {
  it('is shown as in the list', async () => {
    const user = await server.signUp();
    const { items } = await list('?limit=1');
    const answer = await asAdmin().get(`/admin/users/${user.id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(items[0]);
  });

  it.each(['0', '-1', '1.5', 'x', '999999999999', '9007199254740993', '99999999999999999999', '%00'])(
    'that cannot be is a 404: %s',
    async (id) => {
      const missing = { status: 404, code: 'USER_NOT_FOUND' };
      expect(codeOf(await asAdmin().get(`/admin/users/${id}`))).toEqual(missing);
      expect(codeOf(await asAdmin().patch(`/admin/users/${id}`, { role: 'user' }))).toEqual(missing);
      expect(codeOf(await asAdmin().patch(`/admin/users/${id}`, {}))).toEqual(missing);
      expect(codeOf(await asAdmin().post(`/admin/users/${id}/logout-all`))).toEqual(missing);
    },
  );

  it('has one address, not every spelling of its number', async () => {
    const { id } = admin;
    const spellings = [
      `${id}%20`,
      `%20${id}`,
      `%2B${id}`,
      `0${id}`,
      `${id}.0`,
      `0x${id.toString(16)}`,
      `${id}e0`,
    ];
    for (const spelling of spellings) {
      expect(codeOf(await asAdmin().get(`/admin/users/${spelling}`))).toEqual({
        status: 404,
        code: 'USER_NOT_FOUND',
      });
    }
  });

  it('changes role and activity, and only what was named', async () => {
    const user = await server.signUp();
    const change = async (changes: unknown) =>
      (await asAdmin().patch(`/admin/users/${user.id}`, changes)).body;
    expect(await change({ role: 'admin' })).toMatchObject({ role: 'admin', is_active: true });
    expect(await change({ is_active: false })).toMatchObject({ role: 'admin', is_active: false });
    expect(await change({})).toMatchObject({ role: 'admin', is_active: false });
    expect(await change({ role: 'user', is_active: true })).toMatchObject({ role: 'user', is_active: true });
  });

  it.each([
    ['role', 'root'],
    ['role', null],
    ['role', ['admin']],
    ['is_active', 'false'],
    ['is_active', 0],
    ['is_active', null],
    ['email', 'other@example.com'],
    ['password', 'a new password'],
    ['email_verified', true],
  ])('refuses %s: %j', async (field, value) => {
    const user = await server.signUp();
    const answer = await asAdmin().patch(`/admin/users/${user.id}`, { [field]: value });
    expect(codeOf(answer)).toEqual({ status: 422, code: 'VALIDATION_ERROR' });
    expect(answer.body.error.details.fields).toEqual([{ field, problems: expect.any(Array) }]);
  });

  it('that is disabled is logged out everywhere; one that is enabled stays logged out', async () => {
    const user = await server.signUp();
    const other = await server.logIn(user);
    await asAdmin().patch(`/admin/users/${user.id}`, { is_active: false });
    await asAdmin().patch(`/admin/users/${user.id}`, { is_active: true });
    for (const token of [user.token, other]) {
      expect((await server.as({ token }).get('/users/info')).status).toBe(401);
    }
  });

  it('is logged out everywhere by logout-all, and nobody else is', async () => {
    const user = await server.signUp();
    const other = await server.signUp();
    const elsewhere = await server.logIn(user);
    const answer = await asAdmin().post(`/admin/users/${user.id}/logout-all`);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { message: expect.any(String) },
    });
    for (const token of [user.token, elsewhere]) {
      expect((await server.as({ token }).get('/users/info')).status).toBe(401);
    }
    expect((await server.as(other).get('/users/info')).status).toBe(200);
    expect((await server.as({ token: await server.logIn(user) }).get('/users/info')).status).toBe(200);
  });
});

describe('the last active admin', () => {
  const activeAdmins = async () => {
    const { rows } = await server.sql.query<{ id: number }>(
      `SELECT id::int FROM users WHERE role = 'admin' AND is_active ORDER BY id`,
    );
    return rows.map(({ id }) => id);
  };
  /** Only these are active admins from now on. */
  const crown = async (...actors: Actor[]) => {
    await server.sql.query(
      `UPDATE users SET role = CASE WHEN id = ANY($1) THEN 'admin' ELSE 'user' END, is_active = true
       WHERE role = 'admin' OR id = ANY($1)`,
      [actors.map(({ id }) => id)],
    );
  };

  it('cannot be demoted, disabled or deleted, also when disabled admins exist', async () => {
    const disabled = await server.signUpAdmin();
    await crown(admin, disabled);
    expect((await asAdmin().patch(`/admin/users/${disabled.id}`, { is_active: false })).status).toBe(200);
    const refusal = { status: 409, code: 'LAST_ADMIN' };
    const me = `/admin/users/${admin.id}`;
    expect(codeOf(await asAdmin().patch(me, { role: 'user' }))).toEqual(refusal);
    expect(codeOf(await asAdmin().patch(me, { is_active: false }))).toEqual(refusal);
    expect(codeOf(await asAdmin().patch(me, { role: 'user', is_active: false }))).toEqual(refusal);
    expect(codeOf(await asAdmin().delete('/users'))).toEqual(refusal);
    expect(codeOf(await asAdmin().patch(me, { role: 'admin', is_active: true }))).toEqual({ status: 200 });
    expect(await activeAdmins()).toEqual([admin.id]);
    expect((await asAdmin().get('/admin/users?limit=1')).status).toBe(200);
  });

  it('may go once there is another one', async () => {
    const successor = await server.signUp();
    const leaving = await server.signUpAdmin();
    await crown(leaving);
    expect((await server.as(leaving).patch(`/admin/users/${successor.id}`, { role: 'admin' })).status).toBe(
      200,
    );
    expect((await server.as(leaving).delete('/users')).status).toBe(204);
    expect(await activeAdmins()).toEqual([successor.id]);
    await server.sql.query(`UPDATE users SET role = 'admin', is_active = true WHERE id = $1`, [admin.id]);
  });

  it('remains when two admins demote, disable and delete at the same moment, fifty times', async () => {
    const [a, b] = [await server.signUpAdmin(), await server.signUpAdmin()];
    const moves: ((me: Actor, other: Actor) => Promise<Answer>)[] = [
      (me, other) => server.as(me).patch(`/admin/users/${other.id}`, { role: 'user' }),
      (me, other) => server.as(me).patch(`/admin/users/${other.id}`, { role: 'user', is_active: true }),
      (me) => server.as(me).patch(`/admin/users/${me.id}`, { role: 'user' }),
    ];
    for (let round = 0; round < 50; round++) {
      await crown(a, b);
      const move = moves[round % moves.length]!;
      const answers = await Promise.all([move(a, b), move(b, a)]);
      expect(await activeAdmins()).toHaveLength(1);
      const statuses = answers.map(({ status }) => status).sort();
      // The second is either too late to be an admin at all, or the last one.
      expect(statuses[0]).toBe(200);
      expect([403, 409]).toContain(statuses[1]);
    }
    await crown(admin);
  });

  it('remains when two admins delete themselves at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await server.signUp(), await server.signUp()];
      await crown(a, b);
      const answers = await Promise.all([server.as(a).delete('/users'), server.as(b).delete('/users')]);
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
      expect(await activeAdmins()).toHaveLength(1);
    }
    await crown(admin);
  });
});
