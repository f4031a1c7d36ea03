import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { BrokenRequest, KeptAliveClient, type KeptAliveAnswer } from '../../support/kept-alive.js';
import { Operator } from '../../support/operator.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const operator = new Operator();
/** A third process on the same database: to look into it, and to make people. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await operator.cleanUp();
  await server.close();
});

const startService = async () =>
  operator.start({
    dataDir: await operator.newDataDir(),
    env: {
      ...TEST_SECRETS,
      NODE_ENV: 'test',
      DATABASE_URL: server.database.urls.app,
      DATABASE_OWNER_URL: server.database.urls.owner,
      BACKUP_CRON: 'off',
      // What asks by the clock would take the connections that a test holds.
      MAIL_DISABLED: 'true',
      ADMIN_PASSWORD: 'seven lanterns over a quiet harbour',
      ARGON2_MEMORY_KIB: '64',
      ARGON2_TIME_COST: '1',
    },
  });

/** What one person saw of one process, from their first request to the first that was not served. */
interface Seen {
  answers: KeptAliveAnswer[];
  broken: BrokenRequest[];
}

type Ask = (client: KeptAliveClient) => Promise<KeptAliveAnswer>;

/** Sends one request after the other on one connection until one is refused or broken. */
async function keepAsking(port: number, { token }: Actor, ask: Ask): Promise<Seen> {
  const client = new KeptAliveClient(port, token);
  const seen: Seen = { answers: [], broken: [] };
  try {
    for (;;) {
      const answer = await ask(client);
      seen.answers.push(answer);
      if (answer.status === 503) return seen;
    }
  } catch (error) {
    if (!(error instanceof BrokenRequest)) throw error;
    seen.broken.push(error);
    return seen;
  } finally {
    client.close();
  }
}

/** Votes, one after the other, each by another person, on a connection each. `unsure`: who got no answer. */
async function vote(
  port: number,
  candidate: number,
  voters: Actor[],
  served: Map<number, string>,
  unsure: Actor[],
): Promise<Seen> {
  const seen: Seen = { answers: [], broken: [] };
  for (let voter = voters.pop(); voter; voter = voters.pop()) {
    const client = new KeptAliveClient(port, voter.token);
    try {
      const answer = await client.send('POST', '/users/vote', { candidate_id: candidate });
      seen.answers.push(answer);
      if (answer.status === 201) served.set(voter.id, answer.body.id as string);
      if (answer.status !== 503) continue;
      voters.push(voter);
      return seen;
    } catch (error) {
      if (!(error instanceof BrokenRequest)) throw error;
      unsure.push(voter);
      seen.broken.push(error);
      return seen;
    } finally {
      client.close();
    }
  }
  return seen;
}

describe('a service that is stopped under load', () => {
  it('answers what it has begun, keeps what it has acknowledged, refuses the rest cleanly; the other goes on', async () => {
    const [stopped, other] = [await startService(), await startService()];
    const admin = await server.signUpAdmin();
    const { body: candidate } = await server.as(admin).post('/admin/candidate', { name: 'Ada' });
    const voters = await server.signUpCrowd(6_000);
    const everybody = voters.map(({ id }) => id);
    const people = await server.signUpCrowd(12);
    const votes = new Map<number, string>();
    const unsure: Actor[] = [];

    let acknowledged = 0;
    let underWay: () => void = () => undefined;
    const isUnderWay = new Promise<void>((resolve) => (underWay = resolve));
    const writeNote: Ask = async (client) => {
      const answer = await client.send('POST', '/users/notes', { title: 'T', content: 'x'.repeat(2_000) });
      if (answer.status === 201 && (acknowledged += 1) === 100) underWay();
      return answer;
    };
    const readMe: Ask = (client) => client.send('GET', '/users/info');
    const noting = people.slice(0, 6).map((person) => keepAsking(stopped.port, person, writeNote));
    const reading = people.slice(6).map((person) => keepAsking(stopped.port, person, readMe));
    const voting = Array.from({ length: 6 }, () =>
      vote(stopped.port, candidate.id as number, voters, votes, unsure),
    );
    await isUnderWay;
    const ended = stopped.stop();
    const seen = await Promise.all([...noting, ...reading, ...voting]);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(stopped.stdout).not.toContain('cut off');

    // In the middle of everything, or this shows nothing.
    expect(votes.size).toBeGreaterThan(0);
    expect(voters.length).toBeGreaterThan(0);
    const answers = seen.flatMap((one) => one.answers);
    const served = new Set(answers.map(({ status }) => status).filter((status) => status !== 503));
    expect(served).toEqual(new Set([200, 201]));
    for (const { headers, body } of answers.filter(({ status }) => status === 503)) {
      expect(body.error).toMatchObject({
        code: 'BUSY',
        message: 'The service is stopping; try again in a moment.',
      });
      expect(headers).toMatchObject({
        connection: 'close',
        'retry-after': '1',
        'x-request-id': expect.any(String),
      });
    }
    expect(seen.flatMap(({ broken }) => broken).filter(({ hadAnswer }) => hadAnswer)).toEqual([]);

    const ballots = await server.sql.query<{ id: string }>('SELECT id FROM ballots');
    const notes = await server.sql.query<{ id: number }>('SELECT id FROM notes');
    const lost = (ids: unknown[], rows: { id: unknown }[]) => {
      const stored = new Set(rows.map(({ id }) => String(id)));
      return ids.filter((id) => !stored.has(String(id)));
    };
    const noteIds = answers.filter(({ body }) => body?.title === 'T').map(({ body }) => body.id as number);
    expect(noteIds.length).toBeGreaterThanOrEqual(100);
    expect(lost([...votes.values()], ballots.rows)).toEqual([]);
    expect(lost(noteIds, notes.rows)).toEqual([]);

    // The others vote at the other process, which never noticed; who was broken off before an answer may have voted.
    voters.push(...unsure);
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        for (let voter = voters.pop(); voter; voter = voters.pop()) {
          const answer = await other.api.as(voter).post('/users/vote', { candidate_id: candidate.id });
          expect([201, 409]).toContain(answer.status);
        }
      }),
    );
    const { rows } = await server.sql.query<{ count: number }>('SELECT count(*)::int FROM ballots');
    expect(rows[0]!.count).toBe(everybody.length);
    expect((await other.api.get('/ready')).status).toBe(200);
    expect(await other.stop()).toEqual({ code: 0, signal: null });
  }, 60_000);
});

describe('while a request is still being answered', () => {
  const note = (title: string, size: number) => JSON.stringify({ title, content: 'x'.repeat(size) });

  it('it gets its answer, what comes later is refused before it is begun, and health is told', async () => {
    const service = await startService();
    const alice = await server.signUp();
    const inFlight = new RawRequest(service.port, 'POST /users/notes', alice, note('in flight', 10));
    await inFlight.sendHead();
    // Connections from before, whose requests the service knows only after the signal.
    const read = new RawRequest(service.port, 'GET /users/info', alice);
    const write = new RawRequest(service.port, 'POST /users/notes', alice, note('too late', 1_000_000));
    const unknown = new RawRequest(service.port, 'GET /nowhere', alice);
    const ready = new RawRequest(service.port, 'GET /ready', alice);
    const health = new RawRequest(service.port, 'GET /v1/health', alice);
    for (const late of [read, write, unknown, ready, health]) await late.beginAfterAnother();
    const stopping = service.said('SIGTERM: stopping …');
    service.signal('SIGTERM');
    await stopping;
    await expect(fetch(`http://127.0.0.1:${service.port}/health`)).rejects.toThrow('fetch failed');
    for (const late of [read, write, unknown]) {
      const answer = await late.finish();
      expect(answer).toMatch(/^HTTP\/1\.1 503 /);
      expect(answer).toMatch(/^connection: close\r$/im);
      expect(answer).toMatch(/^retry-after: 1\r$/im);
      expect(answer).toContain('"code":"BUSY","message":"The service is stopping; try again in a moment."');
    }
    expect(await ready.finish()).toMatch(
      /^HTTP\/1\.1 503 .*\{"status":"down","checks":\{"database":\{"status":"ok"/s,
    );
    expect(await health.finish()).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
    expect(service.hasEnded).toBe(false);
    expect(await inFlight.finish()).toMatch(/^HTTP\/1\.1 201 .*connection: close/is);
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(service.stdout).not.toContain('cut off');
    expect((await server.as(alice).get('/users/notes')).body.items).toEqual([
      expect.objectContaining({ title: 'in flight' }),
    ]);
  });

  it('who is connected and says nothing holds the stop up no longer than a moment', async () => {
    const service = await startService();
    const silent = connect(service.port, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    const idle = new KeptAliveClient(service.port);
    expect((await idle.send('GET', '/health')).status).toBe(200);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    expect(service.stdout).not.toContain('cut off');
    silent.destroy();
    idle.close();
  });
});

/** A request that is sent piece by piece on a connection of its own, which stays open. */
class RawRequest {
  private answer = '';
  private sent = '';
  private readonly socket: Socket;
  private readonly closed: Promise<void>;
  private readonly firstLine: string;
  private readonly headers: string;

  constructor(
    port: number,
    target: string,
    { token }: Actor,
    private readonly body = '',
  ) {
    this.firstLine = `${target} HTTP/1.1\r\n`;
    this.headers = [
      'Host: localhost',
      `Authorization: Bearer ${token}`,
      ...(body === ''
        ? []
        : ['Content-Type: application/json', `Content-Length: ${body.length}`, 'Expect: 100-continue']),
      '\r\n',
    ].join('\r\n');
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('utf8').on('data', (chunk: string) => (this.answer += chunk));
    this.closed = new Promise((resolve, reject) => {
      this.socket.once('error', reject).once('close', () => {
        resolve();
      });
    });
  }

  /** Has another request answered on this connection, and sends the first line of this one. */
  async beginAfterAnother(): Promise<void> {
    await this.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => this.socket.once('data', resolve));
    expect(this.answer).toMatch(/^HTTP\/1\.1 200 .*connection: keep-alive.*\}$/is);
    this.answer = '';
    await this.write(this.firstLine);
    this.sent = this.firstLine;
  }

  /** Everything but the body, up to the service's word that it waits for it. */
  async sendHead(): Promise<void> {
    await this.write(this.firstLine + this.headers);
    await new Promise((resolve) => this.socket.once('data', resolve));
    this.answer = this.answer.replace('HTTP/1.1 100 Continue\r\n\r\n', '');
    this.sent = this.firstLine + this.headers;
  }

  /** Sends what is missing. @returns what was answered until the service closed the connection. */
  async finish(): Promise<string> {
    await this.write((this.firstLine + this.headers + this.body).slice(this.sent.length));
    await this.closed;
    return this.answer.replace('HTTP/1.1 100 Continue\r\n\r\n', '');
  }

  private write(text: string): Promise<void> {
    return new Promise((resolve) =>
      this.socket.write(text, () => {
        resolve();
      }),
    );
  }
}

it('what does not end in time is cut off, and that is said', async () => {
  const backends = async () => {
    const { rows } = await server.sql.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE datname = current_database()',
    );
    return rows.map(({ pid }) => pid);
  };
  const alice = await server.signUp();
  const before = await backends();
  const service = await startService();
  const own = (await backends()).filter((pid) => !before.includes(pid));
  // A database that does not answer any more, not even to say goodbye.
  for (const pid of own) process.kill(pid, 'SIGSTOP');
  try {
    const asked = service.api
      .as(alice)
      .get('/users/info')
      .catch(() => undefined);
    expect((await service.api.get('/health')).status).toBe(200);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    await asked;
  } finally {
    for (const pid of own) process.kill(pid, 'SIGCONT');
  }
  expect(service.stdout).toMatch(
    /^Requests in flight did not end within 1\d s: cut off\.\nJobs and connections did not end within 7 s: cut off\.\nStopped\.\n$/m,
  );
}, 60_000);
