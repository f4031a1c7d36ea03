import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createValidationPipe } from '../../../src/common/http/validation.pipe.js';
import { toNoteResponse } from '../../../src/notes/note.response.dto.js';
import { CreateNoteRequest } from '../../../src/notes/notes.dto.js';
import { codeOf, NotesFixture, PASSWORD } from './notes-fixture.js';

let vault: NotesFixture;
let alice: number;
let bob: number;

beforeAll(async () => {
  vault = await NotesFixture.start();
  alice = await vault.addUser();
  bob = await vault.addUser();
});

afterAll(async () => {
  await vault.close();
  await vault.database.drop();
});

describe('writing and reading', () => {
  it('a note under the key of the service costs no key derivation from a password, one with a password does', async () => {
    const derivations = jest.spyOn(vault.pool, 'run');
    const { id } = await vault.write(alice, { title: 'Plain', content: 'No password.' });
    await vault.notes.read(alice, id, undefined);
    expect(derivations).not.toHaveBeenCalled();
    await vault.write(alice, { title: 'Own', content: 'x', personal_encryption: true, password: PASSWORD });
    expect(derivations).toHaveBeenCalledTimes(1);
    derivations.mockRestore();
  });

  it('a note comes back as it was written, and only its owner gets it', async () => {
    const written = await vault.write(alice, {
      title: 'Plan',
      content: 'Go north.',
      tags: ['a', 'B', 'A', 'b'],
    });

    expect(toNoteResponse(await vault.notes.read(alice, written.id, undefined))).toEqual({
      id: written.id,
      title: 'Plan',
      content: 'Go north.',
      personal_encryption: false,
      tags: ['a', 'B'],
      created_at: written.createdAt,
      updated_at: written.updatedAt,
    });
    expect(await codeOf(vault.notes.read(bob, written.id, undefined))).toBe('NOTE_NOT_FOUND');
    expect(await codeOf(vault.notes.delete(bob, written.id, undefined))).toBe('NOTE_NOT_FOUND');
    expect(await codeOf(vault.patch(bob, written.id, { title: 'Mine' }))).toBe('NOTE_NOT_FOUND');
    expect((await vault.lists.list(bob, { limit: 20 })).items).toEqual([]);
  });

  it('nothing of a note stands in its row in the open', async () => {
    const written = await vault.write(alice, {
      title: 'findable-title',
      content: 'findable-content',
      tags: ['findable-tag'],
    });
    const bytes = Object.values(await vault.row(written.id))
      .flat()
      .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
      .join('|');
    expect(bytes).not.toContain('findable');
  });

  it('whatever text is accepted comes back exactly', async () => {
    const pipe = createValidationPipe();
    const text = (constraints: { minLength: number; maxLength: number }) =>
      fc.string({ unit: 'binary', ...constraints }).filter((value) => !value.includes('\0'));
    await fc.assert(
      fc.asyncProperty(
        text({ minLength: 1, maxLength: 200 }),
        text({ minLength: 0, maxLength: 500 }),
        fc.uniqueArray(text({ minLength: 1, maxLength: 50 }), {
          maxLength: 20,
          selector: (tag) =>
            tag.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC').replaceAll('ς', 'σ'),
        }),
        async (title, content, tags) => {
          const body: unknown = JSON.parse(JSON.stringify({ title, content, tags }));
          const request = (await pipe.transform(body, {
            type: 'body',
            metatype: CreateNoteRequest,
          })) as CreateNoteRequest;
          const { id } = await vault.notes.create(bob, request);
          expect(await vault.notes.read(bob, id, undefined)).toMatchObject({ title, content, tags });
          expect((await vault.lists.list(bob, { limit: 1 })).items[0]).toMatchObject({ title, tags });
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a title that is no string', { title: 7 }, 'title'],
    ['an empty title', { title: '' }, 'title'],
    ['a title of 201 characters', { title: '😀'.repeat(201) }, 'title'],
    ['a title with NUL', { title: 'a\0b' }, 'title'],
    ['a content with a lone surrogate', { content: 'a\ud800' }, 'content'],
    ['a content that is null', { content: null }, 'content'],
    ['a mode that is a word', { personal_encryption: 'true' }, 'personal_encryption'],
    ['a mode that is null', { personal_encryption: null }, 'personal_encryption'],
    ['tags that are one string', { tags: 'travel' }, 'tags'],
    ['a tag that is a number', { tags: [1] }, 'tags'],
    ['an empty tag', { tags: [''] }, 'tags'],
    ['21 tags', { tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }, 'tags'],
    ['an unknown field', { owner: 1 }, 'owner'],
  ])('%s is refused by name', async (_what, fields, field) => {
    const body = { title: 'A title', content: '', ...fields };
    const refused = createValidationPipe().transform(body, { type: 'body', metatype: CreateNoteRequest });
    await expect(refused).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { fields: [expect.objectContaining({ field })] },
    });
  });

  it('200 characters outside the basic plane are a title', async () => {
    const title = '😀'.repeat(200);
    const request = createValidationPipe().transform(
      { title, content: '' },
      { type: 'body', metatype: CreateNoteRequest },
    );
    await expect(request).resolves.toMatchObject({ title });
  });

  it('a content of exactly 1,048,576 bytes is kept, one byte more is too large', async () => {
    const largest = 'é'.repeat(524_288);
    const { id } = await vault.write(alice, { content: largest });
    expect((await vault.notes.read(alice, id, undefined)).content).toBe(largest);
    expect(await codeOf(vault.write(alice, { content: `${largest}a` }))).toBe('PAYLOAD_TOO_LARGE');
    expect(await codeOf(vault.patch(alice, id, { content: `${largest}a` }))).toBe('PAYLOAD_TOO_LARGE');
  });

  it.each([
    ['personal_encryption without a password', { personal_encryption: true }],
    ['a password without personal_encryption', { password: PASSWORD }],
    ['a password of 7 characters', { personal_encryption: true, password: 'ä'.repeat(7) }],
    ['a password of 257 characters', { personal_encryption: true, password: 'a'.repeat(257) }],
  ])('%s is refused, naming the field', async (_what, fields) => {
    await expect(vault.write(alice, fields)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { fields: [{ field: 'password', problems: [expect.any(String)] }] },
    });
  });

  it('100 first notes at once are under one key, and all of them open', async () => {
    const carol = await vault.addUser();
    const written = await Promise.all(
      Array.from({ length: 100 }, (_, n) => vault.write(carol, { content: `note ${n}` })),
    );
    const read = await Promise.all(written.map(({ id }) => vault.notes.read(carol, id, undefined)));
    expect(read.map(({ content }) => content)).toEqual(written.map(({ content }) => content));
    const { rowCount } = await vault.sql.query('SELECT FROM user_keys WHERE user_id = $1', [carol]);
    expect(rowCount).toBe(1);
  });

  it('deleting an account deletes its key, its notes and the tries of their passwords', async () => {
    const dave = await vault.addUser();
    const { id } = await vault.writePersonal(dave);
    await codeOf(vault.notes.read(dave, id, 'not the password'));
    await vault.sql.query('DELETE FROM users WHERE id = $1', [dave]);
    for (const [table, column] of [
      ['user_keys', 'user_id'],
      ['notes', 'user_id'],
      ['note_password_attempts', 'user_id'],
    ] as const) {
      expect((await vault.sql.query(`SELECT FROM ${table} WHERE ${column} = $1`, [dave])).rowCount).toBe(0);
    }
    expect(await codeOf(vault.write(dave))).toBe('UNAUTHENTICATED');
  });

  it('a deleted note is gone; If-Match decides which revision may be deleted', async () => {
    const { id } = await vault.write(alice);
    await vault.patch(alice, id, { title: 'Second' });
    expect(await codeOf(vault.notes.delete(alice, id, `"${id}-1"`))).toBe('PRECONDITION_FAILED');
    expect(await codeOf(vault.notes.delete(alice, id, `W/"${id}-2"`))).toBe('answered');
    expect(await codeOf(vault.notes.delete(alice, id, undefined))).toBe('NOTE_NOT_FOUND');
    expect(await codeOf(vault.notes.read(alice, id, undefined))).toBe('NOTE_NOT_FOUND');
  });
});

describe('personal notes', () => {
  it('a personal note opens with its password, whichever characters it has, and never without', async () => {
    const password = 'пароль 🔑 mit Ümläuten';
    const { id } = await vault.writePersonal(alice, { content: 'sealed', password });
    expect(await codeOf(vault.notes.read(alice, id, undefined))).toBe('NOTE_PASSWORD_REQUIRED');
    expect(await codeOf(vault.notes.read(alice, id, PASSWORD))).toBe('NOTE_PASSWORD_INVALID');
    expect(await codeOf(vault.notes.read(alice, id, 'x'))).toBe('NOTE_PASSWORD_INVALID');
    expect((await vault.notes.read(alice, id, password)).content).toBe('sealed');
    expect((await vault.notes.read(alice, id, password.normalize('NFD'))).content).toBe('sealed');
  });

  it('a password sent for a note that has none is ignored', async () => {
    const { id } = await vault.write(alice, { content: 'open' });
    expect((await vault.notes.read(alice, id, 'whatever it is')).content).toBe('open');
  });

  it('a password that was stretched with less than today is stretched again when it opens the note', async () => {
    const { id } = await vault.writePersonal(alice, { content: 'sealed' });
    const before = await vault.row(id);
    vault.passwords.iterations = 700_000;
    try {
      expect((await vault.notes.read(alice, id, PASSWORD)).content).toBe('sealed');
    } finally {
      vault.passwords.iterations = 600_000;
    }
    const after = await vault.row(id);
    expect(after['kdf_iterations']).toBe(700_000);
    expect(after['wrapped_key']).not.toEqual(before['wrapped_key']);
    for (const kept of ['revision', 'updated_at', 'sealed_content', 'key_commitment', 'sealed_title']) {
      expect(after[kept]).toEqual(before[kept]);
    }
    expect((await vault.notes.read(alice, id, PASSWORD)).content).toBe('sealed');
    expect(await codeOf(vault.notes.read(alice, id, 'not the password'))).toBe('NOTE_PASSWORD_INVALID');
  });
});
