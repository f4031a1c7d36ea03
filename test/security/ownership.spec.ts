import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../support/api-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const PASSWORD = 'correct horse battery staple';
const UNKNOWN_ID = 4_000_000_000;

describe("another's note", () => {
  let server: TestServer;
  let owner: Actor;
  const notes: Record<'plain' | 'personal', number> = { plain: 0, personal: 0 };
  const strangers: Record<'user' | 'admin', Actor> = {} as Record<'user' | 'admin', Actor>;

  beforeAll(async () => {
    server = await startTestServer();
    owner = await server.signUp();
    strangers.user = await server.signUp();
    strangers.admin = await server.signUpAdmin();
    const note = { title: 'Lilac diary', content: 'nobody else reads this', tags: ['lilac'] };
    notes.plain = (await server.as(owner).post('/users/notes', note)).body.id;
    const personal = { ...note, personal_encryption: true, password: PASSWORD };
    notes.personal = (await server.as(owner).post('/users/notes', personal)).body.id;
  });
  afterAll(() => server.close());

  /** An answer without what differs between any two requests. */
  function bare({ status, headers, body }: Answer) {
    const error = { ...body?.error, request_id: 'of its own' };
    // How many requests the caller has left says nothing of notes.
    const ofTheCaller = ['x-request-id', 'date', 'keep-alive', 'ratelimit'];
    const kept = [...headers].filter(([name]) => !ofTheCaller.includes(name));
    return { status, headers: kept, error };
  }

  const waysIn: [string, (as: Actor, id: number) => Promise<Answer>][] = [
    ['read', (as, id) => server.as(as).get(`/users/notes/${id}`)],
    [
      'read with its password in a header',
      (as, id) => server.as(as).get(`/users/notes/${id}`, { headers: { 'x-note-password': PASSWORD } }),
    ],
    [
      'read with its password in the query',
      (as, id) => server.as(as).get(`/users/notes/${id}?password=${PASSWORD}`),
    ],
    ['opened', (as, id) => server.as(as).post(`/users/notes/${id}/open`, { password: PASSWORD })],
    [
      'opened with a wrong password',
      (as, id) => server.as(as).post(`/users/notes/${id}/open`, { password: 'wrong' }),
    ],
    ['changed', (as, id) => server.as(as).patch(`/users/notes/${id}`, { title: 'Mine now' })],
    ['changed in nothing', (as, id) => server.as(as).patch(`/users/notes/${id}`, {})],
    [
      'changed with its ETag',
      (as, id) =>
        server
          .as(as)
          .patch(`/users/notes/${id}`, { title: 'Mine' }, { headers: { 'if-match': `"${id}-1"` } }),
    ],
    [
      'changed with a wrong ETag',
      (as, id) =>
        server.as(as).patch(`/users/notes/${id}`, { title: 'Mine' }, { headers: { 'if-match': '"1-999"' } }),
    ],
    [
      'switched to a password',
      (as, id) =>
        server.as(as).patch(`/users/notes/${id}`, { personal_encryption: true, password: PASSWORD }),
    ],
    [
      'given another password',
      (as, id) =>
        server.as(as).patch(`/users/notes/${id}`, { password: PASSWORD, new_password: 'mine from now on' }),
    ],
    ['deleted', (as, id) => server.as(as).delete(`/users/notes/${id}`)],
    [
      'deleted with its ETag',
      (as, id) => server.as(as).delete(`/users/notes/${id}`, { headers: { 'if-match': `"${id}-1"` } }),
    ],
    [
      'deleted with a wrong ETag',
      (as, id) => server.as(as).delete(`/users/notes/${id}`, { headers: { 'if-match': '"1-999"' } }),
    ],
  ];

  describe.each(['user', 'admin'] as const)('for another %s', (role) => {
    it.each(waysIn)(
      'cannot be %s: the answer is the one for an id that does not exist',
      async (_, attempt) => {
        for (const id of [notes.plain, notes.personal]) {
          const answer = await attempt(strangers[role], id);
          expect(answer.status).toBe(404);
          expect(answer.body.error.code).toBe('NOTE_NOT_FOUND');
          expect(answer.headers.has('etag')).toBe(false);
          expect(bare(answer)).toEqual(bare(await attempt(strangers[role], UNKNOWN_ID)));
        }
      },
    );

    it.each(['', '?q=lilac', '?tag=lilac', '?limit=100'])('is in no list (%s)', async (query) => {
      const { body } = await server.as(strangers[role]).get(`/users/notes${query}`);
      expect(body).toEqual({ items: [], next_cursor: null });
    });

    it('is in no list, also with a cursor of its owner', async () => {
      const page = await server.as(owner).get('/users/notes?limit=1');
      expect(page.body.next_cursor).toEqual(expect.any(String));
      const { body } = await server.as(strangers[role]).get(`/users/notes?cursor=${page.body.next_cursor}`);
      expect(body).toEqual({ items: [], next_cursor: null });
    });
  });

  it('stays as its owner left it, with no try of its password counted', async () => {
    const plain = await server.as(owner).get(`/users/notes/${notes.plain}`);
    expect(plain.body).toMatchObject({
      title: 'Lilac diary',
      content: 'nobody else reads this',
      tags: ['lilac'],
    });
    const personal = await server
      .as(owner)
      .post(`/users/notes/${notes.personal}/open`, { password: PASSWORD });
    expect(personal.body.content).toBe('nobody else reads this');
    const { rows } = await server.sql.query('SELECT * FROM note_password_attempts');
    expect(rows).toEqual([]);
  });

  it('shows admins nothing in what they see of accounts', async () => {
    const one = await server.as(strangers.admin).get(`/admin/users/${owner.id}`);
    expect(JSON.stringify(one.body).toLowerCase()).not.toMatch(/lilac|note/);
  });
});

describe('ids of others', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('tell a user nothing about accounts: existing and unknown ones are refused alike', async () => {
    const [somebody, other] = [await server.signUp(), await server.signUp()];
    for (const path of ['/admin/users/', '/admin/candidate/']) {
      const known = await server.as(somebody).get(`${path}${other.id}`);
      const unknown = await server.as(somebody).get(`${path}${UNKNOWN_ID}`);
      expect(known.status).toBe(403);
      expect({ ...known.body.error, request_id: '' }).toEqual({ ...unknown.body.error, request_id: '' });
    }
  });
});
