import { afterAll, describe, expect, it } from '@jest/globals';
import { fillPath, Stage } from './hostile-input/stage.js';
import { tryAll, type Try } from './hostile-input/try-all.js';

const stage = await Stage.build();
afterAll(() => stage.close());

const withBody = stage.operations.filter(({ bodyFields }) => bodyFields !== undefined);

/** What callers would like to set, by the names of columns, of answers and of entities. */
const WISHES: Record<string, unknown> = {
  id: 1,
  role: 'admin',
  roles: ['admin'],
  is_admin: true,
  isAdmin: true,
  is_active: true,
  user_id: 1,
  userId: 1,
  owner_id: 1,
  user: { id: 1 },
  voter_key: '00000000-0000-4000-8000-000000000000',
  voterKey: 'x',
  email_normalized: 'admin@example.com',
  email_verified: true,
  email_verified_at: '2026-01-01T00:00:00Z',
  emailVerifiedAt: '2026-01-01T00:00:00Z',
  password_hash: '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo',
  created_at: '2020-01-01T00:00:00Z',
  updated_at: '2020-01-01T00:00:00Z',
  deleted_at: null,
  revision: 1000,
  session_id: '00000000-0000-4000-8000-000000000000',
  expires_at: '2099-01-01T00:00:00Z',
  election_id: 999,
  vote_count: 1000,
  withdrawn_at: null,
  weight: 1000,
  key_id: 'k1',
  wrapped_key: 'AAAA',
};

/** Their good requests prove or change the address of somebody: of it only what was wished for must not be. */
const ABOUT_ADDRESSES = [
  'POST /auth/password-reset/confirm',
  'POST /auth/email/verify',
  'POST /auth/email/confirm-change',
  'POST /auth/email/revert',
];
const WISHED_ADDRESS = `email_normalized = 'admin@example.com' AS has_wished_address,
  (email_verified_at = '2026-01-01T00:00:00Z') IS TRUE AS has_wished_proof`;

/** All that the wishes are about, of everybody who was there before. */
async function privileges({ key }: { key: string }): Promise<unknown> {
  const address = ABOUT_ADDRESSES.includes(key) ? WISHED_ADDRESS : 'email_normalized, email_verified_at';
  const { rows } = await stage.server.sql.query(
    `SELECT users.id, role, is_active, voter_key, ${address}, users.created_at FROM users
     WHERE id <= $1 AND id <> ALL ($2) ORDER BY id`,
    [lastId, changedByAdmins],
  );
  return rows;
}
const lastId = (await stage.server.sql.query('SELECT max(id) AS id FROM users')).rows[0].id as number;
/** Their role is what good requests to the admin's routes are about. */
const changedByAdmins: number[] = [];
for (let lane = 0; lane < 16; lane++) {
  const operation = stage.operations.find(({ key }) => key === 'PATCH /admin/users/{id}')!;
  changedByAdmins.push(Number((await stage.goodRequest(operation, lane)).path['id']));
}

describe('a field that is not offered', () => {
  it.each(withBody)('is refused and sets nothing: $key', async (operation) => {
    const before = await privileges(operation);
    const wishes = Object.entries(WISHES).filter(([name]) => !operation.bodyFields!.includes(name));
    expect(wishes.length).toBeGreaterThan(20);
    const tries = wishes.map(([name, value]): Try => ({
      where: name,
      what: JSON.stringify(value),
      spoil: ({ body }) => ({ body: JSON.stringify({ ...body, [name]: value }) }),
      judge: ({ status, text }) =>
        status === 422 && text.includes('VALIDATION_ERROR') ? undefined : `${status}: ${text}`,
    }));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
    expect(await privileges(operation)).toEqual(before);
  });

  it.each(withBody)('is not taken from the query instead: $key', async (operation) => {
    const before = await privileges(operation);
    const tries = Object.keys(WISHES).map((name): Try => ({
      where: 'query',
      what: name,
      spoil: ({ path }) => ({ target: `${fillPath(operation.path, path)}?${name}=admin&${name}=1` }),
    }));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
    expect(await privileges(operation)).toEqual(before);
  });
});

describe('a body', () => {
  it.each(withBody.filter(({ sampleBody }) => Object.keys(sampleBody).length > 0))(
    'is not completed from the query: $key',
    async (operation) => {
      const good = await stage.goodRequest(operation, 0);
      for (const field of Object.keys(operation.sampleBody)) {
        const { [field]: value, ...rest } = good.body;
        const target = `${fillPath(operation.path, good.path)}?${field}=${encodeURIComponent(String(value))}`;
        const answer = await stage.send(operation, good, { target, body: JSON.stringify(rest) });
        expect({ field, status: answer.status }).toEqual({ field, status: 422 });
      }
    },
  );
});
