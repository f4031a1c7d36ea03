import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpenedNote } from '../../../src/notes/note.response.dto.js';
import type { PatchNoteRequest } from '../../../src/notes/notes.dto.js';
import { codeOf, NotesFixture, PASSWORD, type NoteRow } from './notes-fixture.js';

let vault: NotesFixture;
let alice: number;
let note: OpenedNote;
let row: NoteRow;

beforeAll(async () => {
  vault = await NotesFixture.start();
});

beforeEach(async () => {
  alice = await vault.addUser();
  note = await vault.write(alice, { title: 'Title', content: 'content', tags: ['t'] });
  row = await vault.row(note.id);
});

afterAll(async () => {
  await vault.close();
  await vault.database.drop();
});

const withFlippedBit = (value: unknown, position = 0): Buffer => {
  const bytes = Buffer.from(value as Buffer);
  bytes[position] = bytes[position]! ^ 1;
  return bytes;
};

const pick = (from: NoteRow, columns: string[]) =>
  Object.fromEntries(columns.map((column) => [column, from[column]]));

const read = (id = note.id, password?: string) => codeOf(vault.notes.read(alice, id, password));

const TITLE_COLUMNS = ['sealed_title', 'title_revision'];
const CONTENT_COLUMNS = ['wrapped_key', 'key_commitment', 'sealed_content', 'content_revision'];

describe('a changed row', () => {
  it.each(['sealed_title', 'sealed_content', 'wrapped_key', 'key_commitment'])(
    'with a bit flipped at either end of %s does not open',
    async (column) => {
      for (const position of [0, (row[column] as Buffer).length - 1]) {
        await vault.overwrite(note.id, { [column]: withFlippedBit(row[column], position) });
        expect(await read()).toBe('NOTE_UNREADABLE');
        await vault.overwrite(note.id, { [column]: row[column] });
        expect(await read()).toBe('answered');
      }
    },
  );

  it.each(['sealed_title', 'sealed_content', 'wrapped_key', 'key_commitment'])(
    'with an empty or cut-off %s does not open',
    async (column) => {
      for (const length of [0, (row[column] as Buffer).length - 1]) {
        await vault.overwrite(note.id, { [column]: (row[column] as Buffer).subarray(0, length) });
        expect(await read()).toBe('NOTE_UNREADABLE');
      }
    },
  );

  it.each([
    ['format', 2],
    ['format', -1],
    ['key_id', 'password'],
    ['revision', 2],
    ['revision', 0],
    ['title_revision', 2],
    ['title_revision', -1],
    ['content_revision', 2],
    ['content_revision', 0],
    ['content_revision', -1],
  ])('with another %s (%s) does not open and cannot be changed', async (column, value) => {
    await vault.overwrite(note.id, { [column]: value });
    expect(await read()).toBe('NOTE_UNREADABLE');
    expect(await codeOf(vault.patch(alice, note.id, { title: 'New' }))).toMatch(/^NOTE_UNREADABLE$/);
  });

  it('with the mode and everything that belongs to it changed does not open', async () => {
    await vault.overwrite(note.id, {
      mode: 'personal',
      kdf: 'pbkdf2-hmac-sha256',
      kdf_iterations: 600_000,
      kdf_salt: Buffer.alloc(16),
    });
    expect(await read(note.id, PASSWORD)).toBe('NOTE_UNREADABLE');
  });

  it.each(['wrapped_key', 'key_commitment'])(
    'of user_keys with a bit flipped in %s opens no note',
    async (column) => {
      const { rows } = await vault.sql.query(`SELECT ${column} AS bytes FROM user_keys WHERE user_id = $1`, [
        alice,
      ]);
      await vault.sql.query(`UPDATE user_keys SET ${column} = $2 WHERE user_id = $1`, [
        alice,
        withFlippedBit(rows[0].bytes),
      ]);
      expect(await read()).toBe('NOTE_UNREADABLE');
      expect(await codeOf(vault.lists.list(alice, { limit: 20 }))).toBe('NOTE_UNREADABLE');
      expect(await codeOf(vault.write(alice))).toBe('NOTE_UNREADABLE');
      expect(await codeOf(vault.patch(alice, note.id, { title: 'x' }))).toBe('NOTE_UNREADABLE');
    },
  );

  it.each([
    ['under an unknown ring key', `UPDATE user_keys SET key_id = 'k9' WHERE user_id = $1`],
    ['removed', `DELETE FROM user_keys WHERE user_id = $1`],
  ])('of user_keys, %s, opens no note', async (_what, statement) => {
    await vault.sql.query(statement, [alice]);
    expect(await read()).toBe('NOTE_UNREADABLE');
    expect(await codeOf(vault.lists.list(alice, { limit: 20 }))).toBe('NOTE_UNREADABLE');
    await vault.sql.query('DELETE FROM user_keys WHERE user_id = $1', [alice]);
  });

  it('does not hide the other notes of a list, and is logged without its text', async () => {
    const other = await vault.write(alice, { title: 'Other' });
    await vault.overwrite(note.id, { sealed_title: withFlippedBit(row['sealed_title']) });
    const { items } = await vault.lists.list(alice, { limit: 20 });
    expect(items).toMatchObject([
      { id: other.id, title: 'Other' },
      { id: note.id, title: null, tags: [], unreadable: true },
    ]);
    expect(items[0]).not.toHaveProperty('unreadable');
    expect((await vault.lists.list(alice, { limit: 20, q: 't' })).items.map(({ id }) => id)).toEqual([
      other.id,
    ]);
    expect(vault.log()).toContain(`"note":${note.id}`);
  });
});

describe('ciphertexts in another place', () => {
  it.each([
    ['title', TITLE_COLUMNS],
    ['content', CONTENT_COLUMNS],
    ['sealed content alone', ['sealed_content']],
    ['data key alone', ['wrapped_key', 'key_commitment']],
    ['title and content', [...TITLE_COLUMNS, ...CONTENT_COLUMNS]],
  ])('the %s of another note of the same owner does not open', async (_what, columns) => {
    const other = await vault.write(alice, { title: 'Other title', content: 'other content' });
    await vault.overwrite(note.id, pick(await vault.row(other.id), columns));
    expect(await read()).toBe('NOTE_UNREADABLE');
    expect(await read(other.id)).toBe('answered');
  });

  it('a title in place of a content, and a content in place of a title, do not open', async () => {
    await vault.overwrite(note.id, { sealed_content: row['sealed_title'] });
    expect(await read()).toBe('NOTE_UNREADABLE');
    await vault.overwrite(note.id, {
      sealed_content: row['sealed_content'],
      sealed_title: row['sealed_content'],
    });
    expect(await read()).toBe('NOTE_UNREADABLE');
  });

  it('a note that is given to another owner does not open, also not with the key of the first', async () => {
    const mallory = await vault.addUser();
    await vault.write(mallory);
    await vault.overwrite(note.id, { user_id: mallory });
    expect(await codeOf(vault.notes.read(mallory, note.id, undefined))).toBe('NOTE_UNREADABLE');
    await vault.sql.query(
      `UPDATE user_keys m SET wrapped_key = a.wrapped_key, key_commitment = a.key_commitment
       FROM user_keys a WHERE m.user_id = $1 AND a.user_id = $2`,
      [mallory, alice],
    );
    expect(await codeOf(vault.notes.read(mallory, note.id, undefined))).toBe('NOTE_UNREADABLE');
  });
});

describe('older ciphertexts', () => {
  it.each([
    ['without its revision', ['wrapped_key', 'key_commitment', 'sealed_content']],
    ['with its revision', CONTENT_COLUMNS],
    ['with the revision of the row as well', [...CONTENT_COLUMNS, 'revision']],
    ['with every revision', [...CONTENT_COLUMNS, 'revision', 'title_revision']],
  ])('an older content, %s, does not open under the current title', async (_what, columns) => {
    await vault.patch(alice, note.id, { content: 'newer' });
    await vault.overwrite(note.id, pick(row, columns));
    expect(await read()).toBe('NOTE_UNREADABLE');
    expect(await codeOf(vault.patch(alice, note.id, { title: 'launder' }))).toBe('NOTE_UNREADABLE');
  });

  it.each([
    ['without its revision', ['sealed_title']],
    ['with its revision', TITLE_COLUMNS],
    ['with the revision of the row as well', [...TITLE_COLUMNS, 'revision']],
  ])('an older title, %s, does not open above a newer content', async (_what, columns) => {
    await vault.patch(alice, note.id, { content: 'newer' });
    await vault.overwrite(note.id, pick(row, columns));
    expect(await read()).toBe('NOTE_UNREADABLE');
  });

  it('an older title, even with its own revision, does not open while the row is at a newer one', async () => {
    await vault.patch(alice, note.id, { title: 'Newer' });
    await vault.overwrite(note.id, pick(row, TITLE_COLUMNS));
    expect(await read()).toBe('NOTE_UNREADABLE');
  });

  it('a revision that is wound back does not open, so none is given out twice', async () => {
    await vault.patch(alice, note.id, { content: 'newer' });
    await vault.overwrite(note.id, { revision: 1 });
    expect(await read()).toBe('NOTE_UNREADABLE');
    expect(await codeOf(vault.patch(alice, note.id, { content: 'again' }))).toBe('NOTE_UNREADABLE');
  });
});

describe('two histories that fork because an older row was put back in between', () => {
  /** @returns the rows of both ends; they share every revision, and the second is what the table holds. */
  async function fork(id: number, first: PatchNoteRequest, second: PatchNoteRequest) {
    const origin = await vault.row(id);
    await vault.patch(alice, id, first);
    const left = await vault.row(id);
    await vault.overwrite(id, origin);
    await vault.patch(alice, id, second);
    const right = await vault.row(id);
    for (const column of ['revision', 'title_revision', 'content_revision']) {
      expect(left[column]).toBe(right[column]);
    }
    return { left, right };
  }

  const CONTENT = ['wrapped_key', 'key_commitment', 'sealed_content'];

  it.each([
    ['content of one does not open under the title of the other', CONTENT],
    ['title of one does not open above the content of the other', ['sealed_title']],
  ])('the %s', async (_what, columns) => {
    const { left } = await fork(
      note.id,
      { title: 'Pay to A', content: 'account of A' },
      { title: 'Pay to B', content: 'account of B' },
    );
    await vault.overwrite(note.id, pick(left, columns));
    expect(await read()).toBe('NOTE_UNREADABLE');
    expect(await codeOf(vault.patch(alice, note.id, { title: 'launder' }))).toBe('NOTE_UNREADABLE');
    expect((await vault.lists.list(alice, { limit: 1 })).items).toMatchObject([{ unreadable: true }]);

    await vault.overwrite(note.id, pick(left, [...CONTENT, 'sealed_title']));
    expect(await vault.notes.read(alice, note.id, undefined)).toMatchObject({
      title: 'Pay to A',
      content: 'account of A',
    });
  });

  it('do not mix in a personal note either, not even with the password', async () => {
    const { id } = await vault.writePersonal(alice);
    const { left } = await fork(
      id,
      { title: 'Pay to A', content: 'account of A', password: PASSWORD },
      { title: 'Pay to B', content: 'account of B', password: PASSWORD },
    );
    await vault.overwrite(id, pick(left, CONTENT));
    expect(await read(id, PASSWORD)).toBe('NOTE_UNREADABLE');
  });
});

describe('a changed row of a personal note', () => {
  let personal: NoteRow;

  beforeEach(async () => {
    const { id } = await vault.writePersonal(alice, { content: 'sealed' });
    personal = await vault.row(id);
  });

  it.each([
    ['wrapped_key', 'NOTE_PASSWORD_INVALID'],
    ['kdf_salt', 'NOTE_PASSWORD_INVALID'],
    ['key_commitment', 'NOTE_UNREADABLE'],
    ['sealed_content', 'NOTE_UNREADABLE'],
    ['sealed_title', 'NOTE_UNREADABLE'],
  ])('with a bit flipped in %s is refused', async (column, code) => {
    await vault.overwrite(personal.id, { [column]: withFlippedBit(personal[column]) });
    expect(await read(personal.id, PASSWORD)).toBe(code);
    expect(
      await codeOf(vault.patch(alice, personal.id, { personal_encryption: false, password: PASSWORD })),
    ).toBe(code);
  });

  it.each([
    ['fewer iterations than are safe', { kdf_iterations: 599_999 }],
    ['more iterations than are bearable', { kdf_iterations: 2_000_001 }],
    ['negative iterations', { kdf_iterations: -1 }],
    ['an unknown derivation', { kdf: 'md5' }],
    ['a short salt', { kdf_salt: Buffer.alloc(15) }],
  ])('with %s is refused before any work is done, and no try is counted', async (_what, columns) => {
    await vault.overwrite(personal.id, columns);
    expect(await read(personal.id, PASSWORD)).toBe('NOTE_UNREADABLE');
    const { rowCount } = await vault.sql.query('SELECT FROM note_password_attempts WHERE note_id = $1', [
      personal.id,
    ]);
    expect(rowCount).toBe(0);
  });

  it('the content of another personal note under the same password does not open', async () => {
    const other = await vault.writePersonal(alice, { content: 'other' });
    const columns = [...CONTENT_COLUMNS, 'kdf_salt'];
    await vault.overwrite(personal.id, pick(await vault.row(other.id), columns));
    expect(await read(personal.id, PASSWORD)).toBe('NOTE_UNREADABLE');
  });

  it('an open note put in the place of a personal one does not open', async () => {
    await vault.overwrite(personal.id, {
      ...pick(row, [...CONTENT_COLUMNS, 'mode', 'key_id', 'kdf', 'kdf_iterations', 'kdf_salt']),
    });
    expect(await read(personal.id)).toBe('NOTE_UNREADABLE');
  });
});
