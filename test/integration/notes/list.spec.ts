import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { OpenedNote } from '../../../src/notes/note.response.dto.js';
import type { ListNotesQuery } from '../../../src/notes/notes.dto.js';
import { codeOf, NotesFixture } from './notes-fixture.js';

let vault: NotesFixture;
let alice: number;

beforeAll(async () => {
  vault = await NotesFixture.start();
  alice = await vault.addUser();
  for (let n = 0; n < 45; n += 1) {
    await vault.write(alice, {
      title: n % 3 === 0 ? `Straße ${n}` : `note ${n}`,
      tags: n % 5 === 0 ? ['Fünf', 'all'] : ['all'],
    });
  }
});

afterAll(async () => {
  await vault.close();
  await vault.database.drop();
});

/** Follows next_cursor to the end. */
async function listAll(userId: number, query: Partial<ListNotesQuery>) {
  const items = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    const page = await vault.lists.list(userId, { limit: 20, ...query, cursor });
    items.push(...page.items);
    pages += 1;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return { items, pages };
}

describe('lists', () => {
  it.each([1, 7, 20, 45, 100])(
    'pages of %s show every note once, newest first, without contents',
    async (limit) => {
      const { items, pages } = await listAll(alice, { limit });
      expect(items).toHaveLength(45);
      expect(items.map(({ id }) => id)).toEqual(items.map(({ id }) => id).sort((a, b) => b - a));
      expect(pages).toBe(Math.ceil(45 / limit));
      expect(items[0]).toEqual({
        id: expect.any(Number),
        title: 'note 44',
        personal_encryption: false,
        tags: ['all'],
        revision: 1,
        created_at: expect.any(Date),
        updated_at: expect.any(Date),
      });
    },
  );

  it('a title is found by any part of it, in any case', async () => {
    for (const q of ['STRASSE', 'straße', 'aSSe']) {
      const { items } = await listAll(alice, { q, limit: 4 });
      expect(items).toHaveLength(15);
      expect(items.every(({ title }) => title?.startsWith('Straße'))).toBe(true);
    }
    expect((await listAll(alice, { q: 'nowhere' })).items).toEqual([]);
  });

  it('a tag is found as a whole, in any case, and no tag of another user', async () => {
    expect((await listAll(alice, { tag: 'fÜNF' })).items).toHaveLength(9);
    expect((await listAll(alice, { tag: 'fün' })).items).toEqual([]);
    expect((await listAll(alice, { tag: 'fünf', q: 'strasse' })).items).toHaveLength(3);
    const bob = await vault.addUser();
    await vault.write(bob, { tags: ['fünf'] });
    expect((await listAll(bob, { tag: 'fünf' })).items).toHaveLength(1);
  });

  it('changed tags are found, former ones are not', async () => {
    const carol = await vault.addUser();
    const { id } = await vault.write(carol, { tags: ['before'] });
    await vault.patch(carol, id, { tags: ['after'] });
    expect((await listAll(carol, { tag: 'before' })).items).toEqual([]);
    expect((await listAll(carol, { tag: 'after' })).items).toMatchObject([{ id, revision: 2 }]);
  });

  it('one search opens at most 1,000 titles, and says where to go on', async () => {
    const dora = await vault.addUser();
    const first = await vault.write(dora, { title: 'needle' });
    for (let n = 0; n < 1_099; n += 100) {
      await Promise.all(
        Array.from({ length: Math.min(100, 1_099 - n) }, () => vault.write(dora, { title: 'hay' })),
      );
    }
    const page = await vault.lists.list(dora, { limit: 20, q: 'needle' });
    expect(page.items).toEqual([]);
    expect(page.next_cursor).not.toBeNull();
    const rest = await vault.lists.list(dora, { limit: 20, q: 'needle', cursor: page.next_cursor ?? '' });
    expect(rest).toMatchObject({ items: [{ id: first.id }], next_cursor: null });
  });

  it('a long search gives others a turn after every 50 titles, also when the database answers at once', async () => {
    const emil = await vault.addUser();
    const { id } = await vault.write(emil, { title: 'hay' });
    const [row] = await vault.repository.listOwned(emil, {
      beforeId: undefined,
      tagIndex: undefined,
      limit: 1,
    });
    let turns = 0;
    let isDone = false;
    const spin = () => {
      turns += 1;
      if (!isDone) setImmediate(spin);
    };
    const batches = jest.spyOn(vault.repository, 'listOwned').mockImplementation((_owner, { limit }) => {
      if (turns === 0) spin();
      return Promise.resolve(Array.from({ length: limit }, () => row!));
    });
    const page = await vault.lists.list(emil, { limit: 20, q: 'needle' });
    isDone = true;
    batches.mockRestore();
    expect(turns).toBeGreaterThanOrEqual(1_000 / 50 - 1);
    expect(page).toEqual({ items: [], next_cursor: Buffer.from(`[${id}]`).toString('base64url') });
  });

  it('a cursor that this list did not make is refused', async () => {
    for (const cursor of [
      'x',
      Buffer.from('["a"]').toString('base64url'),
      Buffer.from('[1,2]').toString('base64url'),
    ]) {
      expect(await codeOf(vault.lists.list(alice, { limit: 20, cursor }))).toBe('VALIDATION_ERROR');
    }
  });
});

describe('a tag index that was changed from outside', () => {
  let fred: number;
  let tagged: OpenedNote;
  let bankIndex: unknown;

  beforeEach(async () => {
    fred = await vault.addUser();
    tagged = await vault.write(fred, { tags: ['Bank'] });
    bankIndex = (await vault.row(tagged.id))['tag_index'];
  });

  const idsUnder = async (query: Partial<ListNotesQuery>) =>
    (await listAll(fred, query)).items.map(({ id }) => id);

  it('lists no note under a tag that it does not have', async () => {
    const forged = await vault.write(fred, { tags: ['t'] });
    await vault.overwrite(forged.id, { tag_index: bankIndex });
    expect(await idsUnder({ tag: 'bANK' })).toEqual([tagged.id]);
    expect(await idsUnder({ tag: 'bank', q: 'title' })).toEqual([tagged.id]);
    expect(await idsUnder({})).toEqual([forged.id, tagged.id]);
  });

  it('ends no page before its true hits are found', async () => {
    for (let n = 0; n < 5; n += 1) {
      await vault.overwrite((await vault.write(fred)).id, { tag_index: bankIndex });
    }
    const last = await vault.write(fred, { tags: ['bank'] });
    const page = await vault.lists.list(fred, { limit: 2, tag: 'bank' });
    expect(page.items.map(({ id }) => id)).toEqual([last.id, tagged.id]);
    expect(page.next_cursor).toBeNull();
  });

  it('costs a page no query for each forged entry', async () => {
    for (let n = 0; n < 10; n += 1) {
      await vault.overwrite((await vault.write(fred)).id, { tag_index: bankIndex });
    }
    const queries = jest.spyOn(vault.repository, 'listOwned');
    expect((await vault.lists.list(fred, { limit: 1, tag: 'bank' })).items).toMatchObject([
      { id: tagged.id },
    ]);
    expect(queries.mock.calls.length).toBeLessThanOrEqual(2);
    queries.mockRestore();
  });

  it('shows no note whose damaged title cannot confirm the tag', async () => {
    await vault.overwrite(tagged.id, { sealed_title: Buffer.alloc(40) });
    expect(await idsUnder({ tag: 'bank' })).toEqual([]);
    expect(await idsUnder({})).toEqual([tagged.id]);
  });
});
