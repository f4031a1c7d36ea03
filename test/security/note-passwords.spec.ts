import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BoundedPool } from '../../src/common/bounded-pool.js';
import type { Actor, ApiClient } from '../support/api-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'certainly not this one';
const MINUTES = 60;

describe("a personal note's password", () => {
  let server: TestServer;
  let owner: Actor;
  let me: ApiClient;
  let id: number;
  /** How often a password was stretched. */
  let stretched = 0;

  beforeAll(async () => {
    server = await startTestServer();
    owner = await server.signUp();
    me = server.as(owner);
    const pool = server.app.get(BoundedPool, { strict: false });
    const run = pool.run.bind(pool);
    pool.run = (job) => {
      stretched += 1;
      return run(job);
    };
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    const note = { title: 'Personal', content: 'the content', personal_encryption: true, password: PASSWORD };
    id = (await me.post('/users/notes', note)).body.id;
    stretched = 0;
  });

  const open = (password: string) => me.post(`/users/notes/${id}/open`, { password });
  const tryWrong = async (times: number) => {
    for (let n = 0; n < times; n++) expect((await open(`${WRONG} ${n}`)).status).toBe(403);
  };
  /** As if this much time had passed. */
  const letPass = (seconds: number) =>
    server.sql.query(
      `UPDATE note_password_attempts
       SET attempted_at = ARRAY(SELECT t - make_interval(secs => $2) FROM unnest(attempted_at) AS t) WHERE note_id = $1`,
      [id, seconds],
    );

  it('opens the note; a wrong one is a 403, and none is another 403', async () => {
    expect((await open(PASSWORD)).body.content).toBe('the content');
    const wrong = await open(WRONG);
    expect(wrong.status).toBe(403);
    expect(wrong.body.error.code).toBe('NOTE_PASSWORD_INVALID');
    expect(JSON.stringify(wrong.body)).not.toContain('the content');
    expect(wrong.headers.has('etag')).toBe(false);
    const none = await me.get(`/users/notes/${id}`);
    expect(none.status).toBe(403);
    expect(none.body.error.code).toBe('NOTE_PASSWORD_REQUIRED');
    expect(stretched).toBe(2);
  });

  it('tried wrongly six times within 15 minutes is refused with 429, unstretched, even when it is right', async () => {
    await tryWrong(5);
    expect(stretched).toBe(5);
    for (const password of [WRONG, PASSWORD]) {
      const sixth = await open(password);
      expect(sixth.status).toBe(429);
      expect(sixth.body.error.code).toBe('RATE_LIMITED');
      expect(Number(sixth.headers.get('retry-after'))).toBeGreaterThan(14 * MINUTES);
      expect(Number(sixth.headers.get('retry-after'))).toBeLessThanOrEqual(15 * MINUTES);
    }
    expect(stretched).toBe(5);
  });

  it('is counted over every way in: body, header, query and PATCH', async () => {
    const ways = [
      () => open(WRONG),
      () => me.get(`/users/notes/${id}`, { headers: { 'x-note-password': WRONG } }),
      () => me.get(`/users/notes/${id}?password=${encodeURIComponent(WRONG)}`),
      () => me.patch(`/users/notes/${id}`, { content: 'other', password: WRONG }),
      () => me.patch(`/users/notes/${id}`, { personal_encryption: false, password: WRONG }),
    ];
    for (const way of ways) expect((await way()).status).toBe(403);
    for (const way of ways) expect((await way()).status).toBe(429);
    expect(stretched).toBe(5);
  });

  it('is refused on the other process too, which shares the count', async () => {
    const other = await startTestServer({ database: server.database });
    try {
      await tryWrong(3);
      for (let n = 0; n < 2; n++)
        expect((await other.as(owner).post(`/users/notes/${id}/open`, { password: WRONG })).status).toBe(403);
      expect((await other.as(owner).post(`/users/notes/${id}/open`, { password: PASSWORD })).status).toBe(
        429,
      );
      expect((await open(PASSWORD)).status).toBe(429);
    } finally {
      await other.close();
    }
  });

  it('tried twenty times at once is stretched five times', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => open(`${WRONG} ${n}`)));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([...Array<number>(5).fill(403), ...Array<number>(15).fill(429)]);
    expect(stretched).toBe(5);
  });

  it('when right clears the wrong tries before it', async () => {
    await tryWrong(4);
    expect((await open(PASSWORD)).status).toBe(200);
    await tryWrong(5);
    expect((await open(PASSWORD)).status).toBe(429);
  });

  it('may be tried again when 15 minutes have passed, and not before', async () => {
    await tryWrong(5);
    await letPass(15 * MINUTES - 30);
    const early = await open(PASSWORD);
    expect(early.status).toBe(429);
    expect(Number(early.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    await letPass(31);
    expect((await open(PASSWORD)).body.content).toBe('the content');
  });

  it('is counted for each note by itself', async () => {
    await tryWrong(5);
    const blocked = id;
    const note = {
      title: 'Another',
      content: 'another content',
      personal_encryption: true,
      password: PASSWORD,
    };
    id = (await me.post('/users/notes', note)).body.id;
    expect((await open(PASSWORD)).status).toBe(200);
    id = blocked;
    expect((await open(PASSWORD)).status).toBe(429);
  });
});
