import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { NotesFixture, PASSWORD } from './notes-fixture.js';

const entry = (id: string, fill: number) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const OLD = entry('old', 1);
const NEW = entry('new', 2);

let database: TestDatabase;

const running = new Set<NotesFixture>();

async function start(ring: string): Promise<NotesFixture> {
  const vault = await NotesFixture.start({ database, env: { APP_ENCRYPTION_KEY: ring } });
  running.add(vault);
  return vault;
}

async function stop(vault: NotesFixture): Promise<void> {
  running.delete(vault);
  await vault.close();
}

const keyIdsOf = async (vault: NotesFixture) =>
  (await vault.sql.query<{ key_id: string }>('SELECT key_id FROM user_keys ORDER BY user_id')).rows.map(
    (row) => row.key_id,
  );

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  for (const vault of running) await vault.close();
  await database.drop();
});

it('the ring rotates without touching a note, can be stopped half-way, and skips what another process has locked', async () => {
  const before = await start(OLD);
  const users = await Promise.all(Array.from({ length: 5 }, () => before.addUser()));
  users.sort((a, b) => a - b);
  const notes = await Promise.all(
    users.map((user) => before.write(user, { content: `of ${user}`, tags: ['t'] })),
  );
  const personal = await before.writePersonal(users[0]!, { content: 'sealed' });
  const rows = (await before.sql.query('SELECT * FROM notes ORDER BY id')).rows;
  await stop(before);

  const both = await start(`${NEW},${OLD}`);
  const read = async () =>
    Promise.all(notes.map(async ({ id }, n) => (await both.notes.read(users[n]!, id, undefined)).content));
  const contents = users.map((user) => `of ${user}`);
  expect(await read()).toEqual(contents);

  const holder = both.userKeys;
  expect(await holder.keyIdsInUse()).toEqual(['old']);
  expect(await both.rewrapUserKeys(2)).toBe(2);
  expect(await keyIdsOf(both)).toEqual(['new', 'new', 'old', 'old', 'old']);
  expect(await holder.keyIdsInUse()).toEqual(['new', 'old']);
  expect(await read()).toEqual(contents);

  // A key that does not open is stepped over: its neighbours rotate, and its ring entry still counts as needed.
  await both.sql.query(
    'UPDATE user_keys SET wrapped_key = set_byte(wrapped_key, 0, get_byte(wrapped_key, 0) # 1) WHERE user_id = $1',
    [users[2]],
  );
  const locker = await both.sql.connect();
  try {
    await locker.query('BEGIN');
    await locker.query('SELECT FROM user_keys WHERE user_id = $1 FOR UPDATE', [users[3]]);
    expect(await both.rewrapUserKeys(1)).toBe(1);
    expect(await keyIdsOf(both)).toEqual(['new', 'new', 'old', 'old', 'new']);
  } finally {
    await locker.query('ROLLBACK');
    locker.release();
  }

  const totals = await both.keys.rotate(() => undefined);
  expect(totals).toMatchObject({ 'user keys': 1 });
  expect(await keyIdsOf(both)).toEqual(['new', 'new', 'old', 'new', 'new']);
  expect(both.log()).toContain(`"user":${users[2]}`);
  expect((await both.sql.query('SELECT * FROM notes ORDER BY id')).rows).toEqual(rows);
  await both.sql.query('DELETE FROM users WHERE id = $1', [users[2]]);
  await stop(both);

  const after = await start(NEW);
  expect((await after.notes.read(users[4]!, notes[4]!.id, undefined)).content).toBe(`of ${users[4]}`);
  expect((await after.notes.read(users[0]!, personal.id, PASSWORD)).content).toBe('sealed');
  expect((await after.lists.list(users[0]!, { limit: 20, tag: 'T' })).items).toHaveLength(1);
  await stop(after);

  await expect(start(entry('other', 3))).rejects.toThrow(/no key "new"/);
});
