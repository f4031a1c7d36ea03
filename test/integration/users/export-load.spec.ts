import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Principal } from '../../../src/common/http/principal.js';
import { NotesService } from '../../../src/notes/notes.service.js';
import { OwnNotesRepository } from '../../../src/notes/own-notes.repository.js';
import { ExportAccountService } from '../../../src/users/export/export-account.service.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const MANY = 10_000;
const AT_ONCE = 50;
const MEBIBYTE = 1_048_576;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

async function writeNotes(actor: Actor, count: number, content: string): Promise<void> {
  const notes = server.app.get(NotesService);
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - begun) }, (_, n) =>
      notes.create(actor.id, { title: `Note ${begun + n}`, content }),
    );
    await Promise.all(batch);
  }
}

/** Somebody who has just logged in. */
const principalOf = ({ id }: Actor) =>
  ({
    userId: id,
    voterKey: '00000000-0000-4000-8000-000000000000',
    session: { authenticatedSecondsAgo: 0 },
  }) as Principal;

describe('an account with ten thousand notes', () => {
  it('is exported whole, each note once, a page at a time', async () => {
    const alice = await server.signUp();
    await writeNotes(alice, MANY, 'Passport, tickets.');
    const read = jest.spyOn(server.app.get(OwnNotesRepository), 'listOldestFirst');
    const { body } = await server.as(alice).get('/users/export');
    const pages = await Promise.all(read.mock.results.map(({ value }) => value as Promise<unknown[]>));
    read.mockRestore();
    expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(100);
    const ids = (body.notes as { id: number; content: string }[]).map(({ id }) => id);
    expect(ids).toHaveLength(MANY);
    expect(new Set(ids).size).toBe(MANY);
    expect(new Set(body.notes.map(({ content }: { content: string }) => content))).toEqual(
      new Set(['Passport, tickets.']),
    );
  }, 120_000);
});

describe('an account with large notes', () => {
  it('is read a few megabytes at a time, and no further than its reader has come', async () => {
    const alice = await server.signUp();
    await writeNotes(alice, 12, '\u0001'.repeat(MEBIBYTE));
    const read = jest.spyOn(server.app.get(OwnNotesRepository), 'listOldestFirst');
    const stream = await server.app.get(ExportAccountService).begin(principalOf(alice));
    try {
      const pieces = stream[Symbol.asyncIterator]();
      let piece = '';
      while (!piece.includes('"notes":')) piece = (await pieces.next()).value as string;
      for (let turn = 0; turn < 100; turn += 1) await setImmediate();
      expect(read).toHaveBeenCalledTimes(1);
      const page = (await read.mock.results[0]!.value) as { sealedContent: Buffer }[];
      const bytes = page.reduce((sum, { sealedContent }) => sum + sealedContent.length, 0);
      expect(bytes).toBeGreaterThan(MEBIBYTE);
      expect(bytes).toBeLessThan(4 * MEBIBYTE);
    } finally {
      stream.destroy();
      read.mockRestore();
    }
  });
});

describe('exports at once', () => {
  it('are one for each account: a second is refused until the first has ended, however it ends', async () => {
    const alice = await server.signUp();
    const exports = server.app.get(ExportAccountService);
    const stream = await exports.begin(principalOf(alice));
    const refused = await server.as(alice).get('/users/export');
    expect([refused.status, refused.body.error.code]).toEqual([409, 'EXPORT_RUNNING']);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy();
    await closed;
    expect((await server.as(alice).get('/users/export')).status).toBe(200);
    expect((await server.as(alice).get('/users/export')).status).toBe(200);
  });

  it('of a client that goes away in the middle end too', async () => {
    const alice = await server.signUp();
    // More than what lies between the two of them can hold: the service has to wait.
    await writeNotes(alice, 12, '\u0001'.repeat(MEBIBYTE));
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${alice.token}` };
    const response = await fetch(`${server.url}/users/export`, { headers, signal: leaving.signal });
    await response.body!.getReader().read();
    expect((await server.as(alice).get('/users/export')).status).toBe(409);
    leaving.abort();
    let status = 409;
    while (status === 409) status = (await server.as(alice).get('/users/export')).status;
    expect(status).toBe(200);
  });

  it('are a few in all; whoever comes then is asked to wait', async () => {
    const crowd = await server.signUpCrowd(5);
    const exports = server.app.get(ExportAccountService);
    const running = await Promise.all(crowd.slice(0, 4).map((actor) => exports.begin(principalOf(actor))));
    try {
      const answer = await server.as(crowd[4]!).get('/users/export');
      expect([answer.status, answer.body.error.code]).toEqual([503, 'BUSY']);
      expect(answer.headers.get('retry-after')).toBe('10');
      expect((await server.as(crowd[4]!).get('/users/info')).status).toBe(200);
    } finally {
      for (const stream of running) stream.destroy();
    }
  });

  it('that fail before they begin are over', async () => {
    const alice = await server.signUp();
    const exports = server.app.get(ExportAccountService);
    const gone = { ...principalOf(alice), userId: 4_000_000_000 };
    for (let n = 0; n < 6; n += 1) await expect(exports.begin(gone)).rejects.toThrow();
    expect((await server.as(alice).get('/users/export')).status).toBe(200);
  });
});
