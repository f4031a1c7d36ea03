import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { Clock } from '../../../src/common/clock.js';
import { ErrorReports } from '../../../src/common/error-reporting/error-reports.js';
import { NotesRepository } from '../../../src/notes/notes.repository.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { Collector } from '../../support/collector.js';

let collector: Collector;
let server: TestServer;
let alice: Actor;

async function start() {
  collector = await new Collector().open();
  server = await startTestServer({ env: { SENTRY_DSN: collector.dsn } });
  alice = await server.signUp();
}
async function stop() {
  await collector.close();
  await server.close();
}
afterEach(() => {
  jest.restoreAllMocks();
});

/** From now on notes cannot be written, for a reason that nobody foresaw. */
function breakNotes() {
  const driverError = Object.assign(
    new Error(
      'invalid input syntax for type uuid: "unspeakable-parameter\n    at unspeakable (frame.js:1:1)"',
    ),
    { code: '22P02', detail: 'Key (email)=(unspeakable@example.com) already exists.' },
  );
  const failure = new QueryFailedError(
    'INSERT unspeakable-statement',
    ['unspeakable-parameter'],
    driverError,
  );
  jest.spyOn(NotesRepository.prototype, 'reserveId').mockRejectedValue(failure);
}

const writeNote = (fields = {}) =>
  server.as(alice).post(
    '/users/notes?password=unspeakable-query',
    { title: 'unspeakable-text', content: 'unspeakable-text', ...fields },
    {
      headers: {
        'x-request-id': 'the-failed-one',
        cookie: 'unspeakable=cookie',
        'user-agent': 'unspeakable/1',
      },
    },
  );

describe('an error that nobody expected', () => {
  let minutes = 0;
  beforeAll(start);
  afterAll(stop);
  beforeEach(() => {
    collector.received.length = 0;
    minutes += 2;
    const now = new Date(Date.now() + minutes * 60_000);
    jest.spyOn(server.app.get(Clock), 'now').mockReturnValue(now);
  });

  it('is reported once, with the id and the template of its request and the way to the line', async () => {
    breakNotes();
    expect((await writeNote()).status).toBe(500);
    const [event, ...others] = await collector.events(1);
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      level: 'error',
      environment: 'test',
      release: expect.stringMatching(/^mc101@\d/),
      tags: { request_id: 'the-failed-one', route: '/users/notes' },
    });
    const [cause] = event.exception.values;
    expect(cause.value).toBe('invalid input syntax for type uuid: "[redacted]"');
    expect(cause.stacktrace.frames.map(({ filename }: { filename: string }) => filename).join()).toContain(
      'error-reports.spec',
    );
  });

  it('carries nothing of what was sent, nor of who sent it', async () => {
    breakNotes();
    await writeNote({ personal_encryption: true, password: 'unspeakable-password' });
    await collector.events(1);
    const text = collector.received.join('\n');
    for (const secret of [
      'unspeakable',
      alice.token,
      alice.token.split('.')[2]!,
      alice.email,
      alice.name,
      '127.0.0.1:',
    ])
      expect([secret, text.replace(collector.dsn, '').includes(secret)]).toEqual([secret, false]);
    const [event] = await collector.events(1);
    expect(Object.keys(event).sort()).toEqual(
      [
        'contexts',
        'environment',
        'event_id',
        'exception',
        'level',
        'platform',
        'release',
        'sdk',
        'tags',
        'timestamp',
      ].sort(),
    );
    expect(Object.keys(event.contexts).sort()).toEqual(['runtime', 'trace']);
    expect(Object.keys(event.contexts.runtime).sort()).toEqual(['name', 'version']);
  });

  it('is not one that the caller made, nor a service that is busy', async () => {
    const refused = [
      await server.api.get('/nowhere'),
      await server.api.get('/users/info'),
      await server.as(alice).post('/users/notes', { title: 7 }),
      await server.as(alice).get('/users/notes/999'),
      await server.api.get('/%zz'),
    ];
    expect(refused.map(({ status }) => status)).toEqual([404, 401, 422, 404, 400]);
    breakNotes();
    await writeNote();
    // Reports go their way in order: what came before this one would be here.
    expect(await collector.events(1)).toHaveLength(1);
  });

  it('outside a request is reported with the task it belongs to, whatever was thrown', async () => {
    const reports = server.app.get(ErrorReports);
    reports.report('only a text', { task: 'backup' });
    const [event] = await collector.events(1);
    expect(event.exception.values[0]).toMatchObject({ type: 'Error', value: 'only a text' });
    expect(event.tags).toEqual({ task: 'backup' });
  });

  it('met by every request is reported 30 times a minute at most', async () => {
    breakNotes();
    for (let n = 0; n < 40; n++) expect((await writeNote()).status).toBe(500);
    expect(await collector.events(30)).toHaveLength(30);
    await server.app.get(ErrorReports).onApplicationShutdown();
    expect(collector.received).toHaveLength(30);
  });
});

describe('a collector that hangs', () => {
  beforeEach(start);
  afterEach(stop);

  it('slows no request, and the end by two seconds at most', async () => {
    collector.hangs = true;
    breakNotes();
    const answers = await Promise.all(Array.from({ length: 20 }, () => writeNote()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 500));
    expect((await server.as(alice).get('/users/info')).status).toBe(200);
    const before = performance.now();
    await server.app.get(ErrorReports).onApplicationShutdown();
    expect(performance.now() - before).toBeLessThan(4_000);
    // And it was never given more than it may leave unanswered.
    expect(collector.received.length).toBeLessThanOrEqual(16);
  });

  it('or is gone disturbs nobody', async () => {
    await collector.close();
    breakNotes();
    for (let n = 0; n < 5; n++) expect((await writeNote()).status).toBe(500);
    jest.restoreAllMocks();
    expect((await writeNote()).status).toBe(201);
    await server.app.get(ErrorReports).onApplicationShutdown();
    await collector.open();
  });
});
