import { connect, type Socket } from 'node:net';
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
const TEN_MINUTES = 600_000;
const EVERY_TIMER = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

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

/** From now on time passes for what the service waits for only as it is told to. @returns how to let it pass */
async function holdTimers(): Promise<(milliseconds: number) => void> {
  // What others began before goes on in its own time.
  await setImmediate();
  jest.useFakeTimers({ doNotFake: EVERY_TIMER.filter((name) => !/^(?:set|clear)Timeout$/.test(name)) });
  return (milliseconds) => {
    jest.advanceTimersByTime(milliseconds);
  };
}

/** A client that asks for its export, and then takes it a little at a time. */
class SlowReader {
  private taken = '';

  private constructor(private readonly socket: Socket) {}

  /** Resolves once the answer has begun. */
  static async begin(url: string, { token }: Pick<Actor, 'token'>): Promise<SlowReader> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(`GET /users/export HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    const reader = new SlowReader(socket);
    await reader.takeSome();
    if (!reader.taken.startsWith('HTTP/1.1 200 ')) throw new Error(reader.taken.slice(0, 1_000));
    return reader;
  }

  /** Whatever lies there, once something does. */
  async takeSome(): Promise<void> {
    let piece: Buffer | null;
    while ((piece = this.socket.read() as Buffer | null) === null)
      await new Promise((resolve) => this.socket.once('readable', resolve));
    this.taken += piece.toString('latin1');
  }

  /** Everything to the end of the connection, with what was taken before. */
  async rest(): Promise<string> {
    const closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('data', (piece: Buffer) => {
      this.taken += piece.toString('latin1');
    });
    await closed;
    return this.taken;
  }

  close(): void {
    this.socket.destroy();
  }
}

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

  it('end after ten minutes, however slowly they are taken, and let others in', async () => {
    const slow = await server.signUpCrowd(4);
    for (const actor of slow) await writeNotes(actor, 12, '\u0001'.repeat(MEBIBYTE));
    const bob = await server.signUp();
    const pass = await holdTimers();
    const readers: SlowReader[] = [];
    try {
      for (const actor of slow) readers.push(await SlowReader.begin(server.url, actor));
      expect((await server.as(bob).get('/users/export')).status).toBe(503);
      pass(TEN_MINUTES - 1);
      // Each has taken something of late: it is not by their silence that they are cut off.
      for (const reader of readers) await reader.takeSome();
      expect((await server.as(bob).get('/users/export')).status).toBe(503);
      pass(1);
      let status = 503;
      while (status === 503) status = (await server.as(bob).get('/users/export')).status;
      expect(status).toBe(200);
      for (const reader of readers) expect(await reader.rest()).not.toMatch(/\]\}\n/);
    } finally {
      jest.useRealTimers();
      for (const reader of readers) reader.close();
    }
    expect(server.log()).toContain('"event_type":"export_broken_off"');
  }, 60_000);

  it('that fail before they begin are over', async () => {
    const alice = await server.signUp();
    const exports = server.app.get(ExportAccountService);
    const gone = { ...principalOf(alice), userId: 4_000_000_000 };
    for (let n = 0; n < 6; n += 1) await expect(exports.begin(gone)).rejects.toThrow();
    expect((await server.as(alice).get('/users/export')).status).toBe(200);
  });
});
