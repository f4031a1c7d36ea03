import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'correct horse battery staple';

let server: TestServer;
let alice: Actor;

beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
});

afterAll(async () => {
  await server.close();
});

const api = () => server.as(alice);

const errorOf = ({ status, body }: Answer) => [status, body.error?.code];

describe('the notes routes', () => {
  it('need a token', async () => {
    for (const [method, path] of [
      ['GET', '/users/notes'],
      ['POST', '/users/notes'],
      ['GET', '/users/notes/1'],
      ['POST', '/users/notes/1/open'],
      ['PATCH', '/users/notes/1'],
      ['DELETE', '/users/notes/1'],
    ] as const) {
      expect(errorOf(await server.api.request(method, path))).toEqual([401, 'UNAUTHENTICATED']);
    }
  });

  it('answer a note in the shape of the contract, with an ETag that If-Match takes', async () => {
    const written = await api().post('/users/notes', { title: 'Plan', content: 'north', tags: ['a'] });
    const { id } = written.body;
    expect(written.status).toBe(201);
    expect(written.headers.get('etag')).toBe(`"${id}-1"`);
    expect(written.body).toEqual({
      id: expect.any(Number),
      title: 'Plan',
      content: 'north',
      personal_encryption: false,
      tags: ['a'],
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });

    const read = await api().get(`/v1/users/notes/${id}/`);
    expect([read.status, read.headers.get('etag'), read.body]).toEqual([200, `"${id}-1"`, written.body]);

    const patched = await api().patch(
      `/users/notes/${id}`,
      { title: 'Plan B' },
      { headers: { 'If-Match': `W/"${id}-1"` } },
    );
    expect([patched.status, patched.headers.get('etag')]).toEqual([200, `"${id}-2"`]);
    const stale = { headers: { 'If-Match': `"${id}-1"` } };
    expect(errorOf(await api().patch(`/users/notes/${id}`, { title: 'C' }, stale))).toEqual([
      412,
      'PRECONDITION_FAILED',
    ]);
    expect(errorOf(await api().delete(`/users/notes/${id}`, stale))).toEqual([412, 'PRECONDITION_FAILED']);

    const list = await api().get('/users/notes?limit=1&q=plan');
    expect(list.body.items).toMatchObject([{ id, title: 'Plan B', revision: 2 }]);
    expect(list.body.items[0]).not.toHaveProperty('content');

    expect((await api().delete(`/users/notes/${id}`)).status).toBe(204);
    expect(errorOf(await api().get(`/users/notes/${id}`))).toEqual([404, 'NOTE_NOT_FOUND']);
  });

  it('open a personal note by body, header or query, and say what is missing or wrong', async () => {
    const note = { title: 'Mine', content: 'sealed', personal_encryption: true, password: PASSWORD };
    const { body } = await api().post('/users/notes', note);
    const path = `/users/notes/${body.id}`;

    expect(errorOf(await api().get(path))).toEqual([403, 'NOTE_PASSWORD_REQUIRED']);
    expect(errorOf(await api().get(`${path}?password=`))).toEqual([403, 'NOTE_PASSWORD_REQUIRED']);
    expect(errorOf(await api().get(`${path}?password=wrong`))).toEqual([403, 'NOTE_PASSWORD_INVALID']);
    expect(errorOf(await api().post(`${path}/open`, { password: 'wrong' }))).toEqual([
      403,
      'NOTE_PASSWORD_INVALID',
    ]);
    expect(errorOf(await api().post(`${path}/open`, {}))).toEqual([422, 'VALIDATION_ERROR']);

    const withHeader = (password: string) => api().get(path, { headers: { 'X-Note-Password': password } });
    expect((await withHeader('pässword')).body.error.details.fields[0].field).toBe('X-Note-Password');

    for (const answer of [
      await withHeader(PASSWORD),
      await api().get(`${path}?password=${encodeURIComponent(PASSWORD)}`),
      await api().post(`${path}/open`, { password: PASSWORD }),
    ]) {
      expect([answer.status, answer.body.content]).toEqual([200, 'sealed']);
      expect(answer.headers.get('etag')).toBe(`"${body.id}-1"`);
    }
    const patched = await api().patch(path, { title: 'Still mine' });
    expect(patched.body).not.toHaveProperty('content');
    expect(patched.body).toMatchObject({ title: 'Still mine', personal_encryption: true });
  });

  it('answer the sixth wrong password with 429 and Retry-After', async () => {
    const note = { title: 'Mine', content: 'sealed', personal_encryption: true, password: PASSWORD };
    const { body } = await api().post('/users/notes', note);
    const statuses = [];
    for (let n = 0; n < 6; n += 1) {
      const { status, headers } = await api().post(`/users/notes/${body.id}/open`, {
        password: `wrong ${n}`,
      });
      statuses.push(status);
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(800);
    }
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
  });

  it('take a content of 1 MiB whose every byte is escaped, and answer 413 past it', async () => {
    const escaped = (size: number) => ({ rawBody: `{"title":"t","content":"${'\\u0061'.repeat(size)}"}` });
    const json = { headers: { 'content-type': 'application/json' } };
    const kept = await api().post('/users/notes', undefined, { ...json, ...escaped(1_048_576) });
    expect([kept.status, kept.body.content?.length]).toEqual([201, 1_048_576]);
    const refused = await api().post('/users/notes', undefined, { ...json, ...escaped(1_048_577) });
    expect(errorOf(refused)).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it('know no note by an id that is none', async () => {
    for (const id of ['0', '-1', '1.5', 'abc', '9007199254740993', '1e3', '%00']) {
      expect(errorOf(await api().get(`/users/notes/${id}`))).toEqual([404, 'NOTE_NOT_FOUND']);
    }
  });

  it('list everything where a filter is empty', async () => {
    for (const title of ['one', 'two']) await api().post('/users/notes', { title, content: '' });
    const all = (await api().get('/users/notes')).body;
    expect(all.items.length).toBeGreaterThan(1);
    expect((await api().get('/users/notes?q=&tag=&cursor=&limit=')).body).toEqual(all);
  });

  it('say which tag is the wrong one', async () => {
    const answer = await api().post('/users/notes', {
      title: 'x',
      content: '',
      tags: ['fine', 'x'.repeat(51)],
    });
    expect(answer.body.error.details.fields).toEqual([
      { field: 'tags', problems: ['entry 2 must have at most 50 characters'] },
    ]);
  });

  it('refuse what no list can be asked for', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'q=a&q=b', 'cursor=x', 'sort=title', 'q=%00']) {
      expect(errorOf(await api().get(`/users/notes?${query}`))).toEqual([422, 'VALIDATION_ERROR']);
    }
  });

  it('leave no trace of texts and passwords in the log', async () => {
    const note = { title: 'trace-title', content: 'trace-content', tags: ['trace-tag'] };
    const { body } = await api().post('/users/notes', {
      ...note,
      personal_encryption: true,
      password: 'trace-password',
    });
    await api().get(`/users/notes/${body.id}?password=trace-password`);
    await api().get('/users/notes?q=trace-title&tag=trace-tag');
    await server.sql.query(`UPDATE notes SET sealed_title = '\\x00' WHERE id = $1`, [body.id]);
    expect(errorOf(await api().post(`/users/notes/${body.id}/open`, { password: 'trace-password' }))).toEqual(
      [500, 'NOTE_UNREADABLE'],
    );
    expect(server.log()).toContain('NoteUnreadableError');
    expect(server.log()).not.toContain('trace-');
  });
});
