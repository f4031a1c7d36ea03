import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { inLanes } from '../../support/lanes.js';
import type { TestServer } from '../../support/test-server.js';
import { makeKeyStretchingCheap } from '../cheap-work.js';
import { HOSTILE_STRINGS } from './naughty.js';
import { LANES } from './stage.js';

makeKeyStretchingCheap();
const { startTestServer } = await import('../../support/test-server.js');

/** What must come back as it went in: text of 1 to `max` characters without NUL and without halves of characters. */
function isStorable(text: string, max: number): boolean {
  const length = Array.from(text).length;
  return length >= 1 && length <= max && text.isWellFormed() && !text.includes('\0');
}

/** What people would see as a part of a text: some of its middle, never half a character. */
function middleOf(text: string): string {
  const characters = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].map(
    ({ segment }) => segment,
  );
  const from = Math.floor(characters.length / 3);
  return characters.slice(from, Math.max(from + 1, Math.ceil((characters.length * 2) / 3))).join('');
}

describe('hostile text comes back exactly as it was sent', () => {
  let server: TestServer;
  let admin: Actor;
  /** Each with notes of their own, so that a search is about one string. */
  let writers: Actor[];

  beforeAll(async () => {
    server = await startTestServer();
    admin = await server.signUpAdmin();
    writers = await server.signUpCrowd(HOSTILE_STRINGS.length);
  });
  afterAll(() => server.close());

  /** Collects what is wrong with each string, in lanes. */
  async function problemsWith(
    check: (text: string, index: number) => Promise<string | undefined>,
  ): Promise<string[]> {
    const problems: string[] = [];
    await inLanes(LANES, HOSTILE_STRINGS, async (text, _lane, index) => {
      const problem = await check(text, index);
      if (problem !== undefined) problems.push(`${JSON.stringify(text).slice(0, 100)}: ${problem}`);
    });
    return problems;
  }

  const isRefusal = (status: number) => (status === 422 ? undefined : `status ${status} instead of 422`);

  it('as the name of an account', async () => {
    const problems = await problemsWith(async (name, index) => {
      const registered = await server.api.post('/users/register', {
        name,
        email: `named-${index}@example.com`,
        password: `quiet lanterns over harbour ${index}`,
      });
      if (!isStorable(name, 100)) return isRefusal(registered.status);
      if (registered.status !== 201) return `status ${registered.status}`;
      const read = await server.as(admin).get(`/admin/users/${registered.body.id}`);
      return registered.body.name === name && read.body.name === name ? undefined : `read ${read.body.name}`;
    });
    expect(problems).toEqual([]);
  }, 60_000);

  it('as a changed name', async () => {
    const problems = await problemsWith(async (name, index) => {
      const me = server.as(writers[index]!);
      const patched = await me.patch('/users', { name });
      if (!isStorable(name, 100)) return isRefusal(patched.status);
      const read = await me.get('/users/info');
      return patched.body.name === name && read.body.name === name ? undefined : `read ${read.body.name}`;
    });
    expect(problems).toEqual([]);
  }, 60_000);

  it('as title, content and tag of a note, and a part of the title finds it', async () => {
    const problems = await problemsWith(async (text, index) => {
      const me = server.as(writers[index]!);
      const title = isStorable(text, 200) ? text : 'A title';
      const tags = isStorable(text, 50) ? [text] : [];
      const written = await me.post('/users/notes', { title, content: text, tags });
      if (text !== '' && !isStorable(text, 1_048_576)) return isRefusal(written.status);
      if (written.status !== 201) return `status ${written.status}`;
      await me.post('/users/notes', { title: '⟦⟧', content: '' });
      const { id } = written.body;
      const read = await me.get(`/users/notes/${id}`);
      for (const { body } of [written, read]) {
        if (body.title !== title) return `title ${body.title}`;
        if (body.content !== text) return `content ${body.content}`;
        if (JSON.stringify(body.tags) !== JSON.stringify(tags)) return `tags ${JSON.stringify(body.tags)}`;
      }
      for (const q of [title, middleOf(title)]) {
        const found = await me.get(`/users/notes?q=${encodeURIComponent(q)}`);
        if (JSON.stringify(found.body.items?.map((item: { id: number }) => item.id)) !== JSON.stringify([id]))
          return `the search for ${JSON.stringify(q)} found ${JSON.stringify(found.body).slice(0, 200)}`;
      }
      for (const tag of tags) {
        const found = await me.get(`/users/notes?tag=${encodeURIComponent(tag)}`);
        if (found.body.items?.length !== 1 || found.body.items[0].title !== title)
          return 'not found by its tag';
      }
      return undefined;
    });
    expect(problems).toEqual([]);
  }, 120_000);

  it('as a changed title, content and tag', async () => {
    const problems = await problemsWith(async (text, index) => {
      if (!isStorable(text, 50)) return undefined;
      const me = server.as(writers[index]!);
      const { id } = (await me.post('/users/notes', { title: 'Before', content: 'before' })).body;
      await me.patch(`/users/notes/${id}`, { title: text, tags: [text] });
      await me.patch(`/users/notes/${id}`, { content: text });
      const { body } = await me.get(`/users/notes/${id}`);
      return body.title === text && body.content === text && body.tags[0] === text
        ? undefined
        : JSON.stringify(body);
    });
    expect(problems).toEqual([]);
  }, 60_000);

  it('as the password of a note, which opens with it and with nothing near it', async () => {
    const problems = await problemsWith(async (text, index) => {
      // Long enough to be allowed; what is hostile stands on its own side of it.
      const password = `${text}·eight+·`;
      const me = server.as(writers[index]!);
      const note = { title: 'Personal', content: `content ${index}`, personal_encryption: true, password };
      const written = await me.post('/users/notes', note);
      if (!isStorable(password, 256)) return isRefusal(written.status);
      if (written.status !== 201) return `status ${written.status}`;
      const { id } = written.body;
      const open = (tried: string) => me.post(`/users/notes/${id}/open`, { password: tried });
      const opened = await open(password);
      if (opened.body.content !== note.content) return `not opened: ${JSON.stringify(opened.body)}`;
      for (const near of [`${password} `, ` ${password}`, password.slice(0, -1)]) {
        const refused = await open(near);
        if (refused.body.error?.code !== 'NOTE_PASSWORD_INVALID')
          return `opened with ${JSON.stringify(near)}`;
      }
      return undefined;
    });
    expect(problems).toEqual([]);
  }, 120_000);

  it('as the password of a note in a header or a query', async () => {
    const problems = await problemsWith(async (text, index) => {
      const password = `${text} and a little more`;
      if (!isStorable(password, 256)) return undefined;
      const me = server.as(writers[index]!);
      const note = { title: 'Personal', content: `content ${index}`, personal_encryption: true, password };
      const { id } = (await me.post('/users/notes', note)).body;
      const byQuery = await me.get(`/users/notes/${id}?password=${encodeURIComponent(password)}`);
      if (byQuery.body.content !== note.content) return `by query: ${JSON.stringify(byQuery.body)}`;
      // White space at the ends is no part of a header's value (RFC 9110, 5.5).
      if (!/^[\x21-\x7e][\x20-\x7e]*$/.test(password)) return undefined;
      const byHeader = await me.get(`/users/notes/${id}`, { headers: { 'x-note-password': password } });
      return byHeader.body.content === note.content
        ? undefined
        : `by header: ${JSON.stringify(byHeader.body)}`;
    });
    expect(problems).toEqual([]);
  }, 60_000);

  it('as name and party of a candidate, also where votes are counted', async () => {
    const asAdmin = server.as(admin);
    const namesById = new Map<number, string>();
    const problems = await problemsWith(async (text) => {
      const isName = isStorable(text, 200) && /\S/u.test(text);
      const isParty = isStorable(text, 100) && /\S/u.test(text);
      const answer = await asAdmin.post('/admin/candidate', {
        name: text,
        ...(isParty ? { party: text } : {}),
      });
      if (!isName) return isRefusal(answer.status);
      // Some of the strings differ in nothing but case.
      if (answer.status === 409 && answer.body.error.code === 'CANDIDATE_EXISTS') return undefined;
      if (answer.status !== 201) return `status ${answer.status}`;
      const { body } = await asAdmin.get(`/admin/candidate/${answer.body.id}`);
      namesById.set(body.id, text);
      const party = isParty ? text : 'independent';
      return body.name === text && body.party === party ? undefined : `read ${JSON.stringify(body)}`;
    });
    expect(problems).toEqual([]);
    expect(namesById.size).toBeGreaterThan(400);
    const counts = await asAdmin.get('/admin/votes/all-candidates/count');
    expect(new Map(counts.body.map((count: any) => [count.candidate_id, count.candidate_name]))).toEqual(
      new Map([...namesById].sort(([a], [b]) => a - b)),
    );
  }, 60_000);
});
