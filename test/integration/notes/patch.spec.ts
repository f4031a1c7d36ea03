import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeOf, NotesFixture, PASSWORD } from './notes-fixture.js';

const OTHER_PASSWORD = 'quite another password';

let vault: NotesFixture;
let alice: number;

beforeAll(async () => {
  vault = await NotesFixture.start();
  alice = await vault.addUser();
});

afterAll(async () => {
  await vault.close();
  await vault.database.drop();
});

describe('changing a note', () => {
  it('what is not named stays, and every change moves the revision by one', async () => {
    const { id, createdAt } = await vault.write(alice, { title: 'One', content: 'text', tags: ['a'] });

    expect(await vault.patch(alice, id, { title: 'Two' })).toMatchObject({
      title: 'Two',
      content: 'text',
      revision: 2,
    });
    expect(await vault.patch(alice, id, { tags: ['b', 'B'] })).toMatchObject({ tags: ['b'], revision: 3 });
    expect(await vault.patch(alice, id, { content: '' })).toMatchObject({ content: '', revision: 4 });

    const read = await vault.notes.read(alice, id, undefined);
    expect(read).toMatchObject({ title: 'Two', content: '', tags: ['b'], revision: 4, createdAt });
    expect(read.updatedAt.getTime()).toBeGreaterThan(createdAt.getTime());
  });

  it('a patch that asks for nothing changes nothing', async () => {
    const written = await vault.write(alice, { tags: ['a'] });
    for (const changes of [{}, { personal_encryption: false }]) {
      expect(await vault.patch(alice, written.id, changes)).toMatchObject({
        revision: 1,
        content: written.content,
        tags: ['a'],
        updatedAt: written.updatedAt,
      });
    }
  });

  it('a change of title leaves the sealed content as it is', async () => {
    const { id } = await vault.write(alice);
    const before = await vault.row(id);
    await vault.patch(alice, id, { title: 'New' });
    const after = await vault.row(id);
    expect(after['sealed_content']).toEqual(before['sealed_content']);
    expect(after['content_revision']).toBe(1);
    expect(after['sealed_title']).not.toEqual(before['sealed_title']);
  });

  it.each([
    ['the current tag', (id: number) => `"${id}-1"`],
    ['its weak form', (id: number) => `W/"${id}-1"`],
    ['a list with it', (id: number) => `"nothing", W/"${id}-1"`],
    ['a star', () => '*'],
  ])('If-Match with %s lets a change through', async (_what, ifMatch) => {
    const { id } = await vault.write(alice);
    expect(await codeOf(vault.patch(alice, id, { title: 'New' }, ifMatch(id)))).toBe('answered');
  });

  it.each([
    ['an older tag', (id: number) => `"${id}-0"`],
    ['the tag of another note', (id: number) => `"${id + 1}-1"`],
    ['a tag without quotes', (id: number) => `${id}-1`],
    ['nothing', () => ''],
  ])('If-Match with %s stops a change', async (_what, ifMatch) => {
    const { id } = await vault.write(alice);
    expect(await codeOf(vault.patch(alice, id, { title: 'New' }, ifMatch(id)))).toBe('PRECONDITION_FAILED');
    expect(await codeOf(vault.patch(alice, id, {}, ifMatch(id)))).toBe('PRECONDITION_FAILED');
    expect((await vault.notes.read(alice, id, undefined)).title).toBe('A title');
  });

  it.each([['title'], ['content']])(
    'of 100 changes of the %s with one ETag exactly one wins',
    async (field) => {
      const { id } = await vault.write(alice);
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          codeOf(vault.patch(alice, id, { [field]: `change ${n}` }, `"${id}-1"`)),
        ),
      );
      expect(outcomes.filter((code) => code === 'answered')).toHaveLength(1);
      expect(outcomes.filter((code) => code === 'PRECONDITION_FAILED')).toHaveLength(99);
      expect((await vault.notes.read(alice, id, undefined)).revision).toBe(2);
    },
  );

  it('without If-Match concurrent changes are all answered or refused as a conflict, and none is lost', async () => {
    const { id } = await vault.write(alice, { title: 'start' });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => codeOf(vault.patch(alice, id, { tags: [`tag ${n}`] }))),
    );
    const written = outcomes.filter((code) => code === 'answered').length;
    expect(outcomes.filter((code) => code !== 'answered' && code !== 'CONFLICT')).toEqual([]);
    expect(written).toBeGreaterThan(0);
    expect(await vault.notes.read(alice, id, undefined)).toMatchObject({
      title: 'start',
      revision: 1 + written,
    });
  });

  it.each([['password'], ['new_password']])(
    'a %s for a note that has none is refused by name',
    async (field) => {
      const { id } = await vault.write(alice);
      await expect(vault.patch(alice, id, { title: 'New', [field]: PASSWORD })).rejects.toMatchObject({
        details: { fields: [{ field, problems: [expect.any(String)] }] },
      });
    },
  );
});

describe('changing a personal note', () => {
  it('title and tags change without the password, and then the content is not answered', async () => {
    const { id } = await vault.writePersonal(alice, { content: 'sealed' });
    const patched = await vault.patch(alice, id, { title: 'New', tags: ['x'] });
    expect(patched).toMatchObject({ title: 'New', tags: ['x'], mode: 'personal', revision: 2 });
    expect(patched.content).toBeUndefined();
    expect((await vault.patch(alice, id, {})).content).toBeUndefined();
    expect((await vault.patch(alice, id, { password: PASSWORD })).content).toBe('sealed');
    expect((await vault.notes.read(alice, id, PASSWORD)).content).toBe('sealed');
  });

  it('the content changes only with the password, and stays under it', async () => {
    const { id } = await vault.writePersonal(alice);
    expect(await codeOf(vault.patch(alice, id, { content: 'new' }))).toBe('NOTE_PASSWORD_REQUIRED');
    expect(await codeOf(vault.patch(alice, id, { content: 'new', password: 'wrong' }))).toBe(
      'NOTE_PASSWORD_INVALID',
    );
    expect(await vault.patch(alice, id, { content: 'new', password: PASSWORD })).toMatchObject({
      content: 'new',
    });
    expect((await vault.notes.read(alice, id, PASSWORD)).content).toBe('new');
  });

  it('a new password replaces the old one', async () => {
    const { id } = await vault.writePersonal(alice, { content: 'kept' });
    const salt = (await vault.row(id))['kdf_salt'];
    expect(await codeOf(vault.patch(alice, id, { new_password: OTHER_PASSWORD }))).toBe(
      'NOTE_PASSWORD_REQUIRED',
    );
    expect(await codeOf(vault.patch(alice, id, { password: PASSWORD, new_password: 'short' }))).toBe(
      'VALIDATION_ERROR',
    );
    await vault.patch(alice, id, { password: PASSWORD, new_password: OTHER_PASSWORD });
    expect(await codeOf(vault.notes.read(alice, id, PASSWORD))).toBe('NOTE_PASSWORD_INVALID');
    expect((await vault.notes.read(alice, id, OTHER_PASSWORD)).content).toBe('kept');
    expect((await vault.row(id))['kdf_salt']).not.toEqual(salt);
  });

  it('an open note becomes personal and open again, and keeps its content', async () => {
    const { id } = await vault.write(alice, { content: 'kept' });
    expect(await codeOf(vault.patch(alice, id, { personal_encryption: true }))).toBe('VALIDATION_ERROR');
    expect(await codeOf(vault.patch(alice, id, { personal_encryption: true, password: 'short' }))).toBe(
      'VALIDATION_ERROR',
    );
    expect(await vault.patch(alice, id, { personal_encryption: true, password: PASSWORD })).toMatchObject({
      mode: 'personal',
      content: 'kept',
      revision: 2,
    });
    expect(await codeOf(vault.notes.read(alice, id, undefined))).toBe('NOTE_PASSWORD_REQUIRED');

    expect(await codeOf(vault.patch(alice, id, { personal_encryption: false }))).toBe(
      'NOTE_PASSWORD_REQUIRED',
    );
    expect(await codeOf(vault.patch(alice, id, { personal_encryption: false, password: 'not it' }))).toBe(
      'NOTE_PASSWORD_INVALID',
    );
    await vault.patch(alice, id, { personal_encryption: false, password: PASSWORD });
    expect(await vault.notes.read(alice, id, undefined)).toMatchObject({
      mode: 'app',
      content: 'kept',
      revision: 3,
    });
    const row = await vault.row(id);
    expect([row['kdf'], row['kdf_iterations'], row['kdf_salt']]).toEqual([null, null, null]);
  });

  it('a switch with a new content, title and password in one request takes all of them', async () => {
    const { id } = await vault.write(alice);
    await vault.patch(alice, id, {
      personal_encryption: true,
      new_password: OTHER_PASSWORD,
      content: 'secret',
      title: 'Secret',
      tags: ['s'],
    });
    expect(await vault.notes.read(alice, id, OTHER_PASSWORD)).toMatchObject({
      content: 'secret',
      title: 'Secret',
      tags: ['s'],
    });
  });

  it('two different passwords for a note that has none are refused', async () => {
    const { id } = await vault.write(alice);
    const both = { personal_encryption: true, password: PASSWORD, new_password: OTHER_PASSWORD };
    expect(await codeOf(vault.patch(alice, id, both))).toBe('VALIDATION_ERROR');
    expect((await vault.row(id))['mode']).toBe('app');
  });
});
