import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import type { Answer } from '../../support/api-client.js';
import { enrol, passPassword, StoppedClock, type Enrolled } from '../../support/authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let other: TestServer;
let time: StoppedClock;
beforeAll(async () => {
  server = await startTestServer();
  other = await startTestServer({ database: server.database });
  const clock = server.app.get(Clock);
  time = new StoppedClock(clock);
  other.app.get(Clock).now = () => clock.now();
});
afterAll(async () => {
  await other.close();
  await server.close();
});

async function somebody(): Promise<Enrolled> {
  const person = await enrol(server.api, server.app.get(Clock), await server.signUp());
  time.pass(60);
  return person;
}

const complete = (body: object, at = server) => at.api.post('/auth/mfa/complete', body);
const codes = (answers: Answer[]) => answers.map(({ status, body }) => body?.error?.code ?? status);
const sessionsOf = async ({ id }: Enrolled) =>
  (await server.sql.query('SELECT FROM sessions WHERE user_id = $1 AND revoked_at IS NULL', [id])).rowCount;

/** A hundred logins of one person that wait, on two processes. */
async function waiting(person: Enrolled, count = 100): Promise<{ token: string; at: TestServer }[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const at = n % 2 ? other : server;
      return { token: await passPassword(at.api, person), at };
    }),
  );
}

describe('a code of the app', () => {
  it('completes one of a hundred logins that bring it at once, to two processes', async () => {
    const alice = await somebody();
    const before = await sessionsOf(alice);
    const code = alice.app.freshCode();
    const logins = await waiting(alice);
    const answers = await Promise.all(
      logins.map(({ token, at }) => complete({ mfa_token: token, code }, at)),
    );
    const outcomes = codes(answers);
    expect(outcomes.filter((one) => one === 200)).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'CODE_INVALID')).toHaveLength(99);
    expect(await sessionsOf(alice)).toBe((before ?? 0) + 1);
  });

  it('that was used is refused for as long as it would be in time, and so is every earlier one', async () => {
    const alice = await somebody();
    const attempt = async (code: string) =>
      codes([await complete({ mfa_token: await passPassword(server.api, alice), code })])[0];
    const [former, present, next] = [-1, 0, 1].map((steps) => alice.app.code(steps)) as [
      string,
      string,
      string,
    ];
    expect(await attempt(present)).toBe(200);
    expect(await attempt(present)).toBe('CODE_INVALID');
    expect(await attempt(former)).toBe('CODE_INVALID');
    time.pass(30);
    expect(await attempt(present)).toBe('CODE_INVALID');
    expect(await attempt(next)).toBe(200);
    expect(await attempt(next)).toBe('CODE_INVALID');
  });

  it('counts once, whatever it was shown for: login, step-up, new backup codes, disabling', async () => {
    const alice = await somebody();
    const uses: ((code: string) => Promise<Answer>)[] = [
      async (code) => complete({ mfa_token: await passPassword(server.api, alice), code }),
      (code) => server.as(alice).post('/auth/step-up', { code }),
      (code) => server.as(alice).post('/auth/mfa/backup-codes/regenerate', { code }),
      (code) => server.as(alice).post('/auth/mfa/disable', { code }),
    ];
    for (const first of uses.slice(0, 3)) {
      const code = alice.app.freshCode();
      expect((await first(code)).status).toBe(200);
      for (const second of uses) expect(codes([await second(code)])).toEqual(['CODE_INVALID']);
      time.pass(60);
    }
  });

  it('is judged by the clock of the service, whatever time a client claims', async () => {
    const alice = await somebody();
    const token = await passPassword(server.api, alice);
    const claimed = new Date(server.app.get(Clock).now().getTime() + 10 * 60_000).toUTCString();
    const answer = await server.api.post(
      '/auth/mfa/complete',
      { mfa_token: token, code: alice.app.code(20) },
      { headers: { date: claimed, 'x-date': claimed, 'x-timestamp': claimed } },
    );
    expect(codes([answer])).toEqual(['CODE_INVALID']);
    expect((await complete({ mfa_token: token, code: alice.app.code() })).status).toBe(200);
  });

  it('that confirmed the setup completes no login', async () => {
    const alice = await enrol(server.api, server.app.get(Clock), await server.signUp());
    const code = alice.app.code();
    expect(codes([await complete({ mfa_token: await passPassword(server.api, alice), code })])).toEqual([
      'CODE_INVALID',
    ]);
  });

  it('is not used up by a login that does not begin', async () => {
    const alice = await somebody();
    const code = alice.app.freshCode();
    const token = await passPassword(server.api, alice);
    await server.sql.query('ALTER TABLE known_devices RENAME TO elsewhere');
    try {
      expect((await complete({ mfa_token: token, code })).status).toBe(500);
    } finally {
      await server.sql.query('ALTER TABLE elsewhere RENAME TO known_devices');
    }
    expect((await complete({ mfa_token: token, code })).status).toBe(200);
  });
});

describe('a backup code', () => {
  it('completes one of a hundred logins that bring it at once, to two processes', async () => {
    const alice = await somebody();
    const before = await sessionsOf(alice);
    const [code] = alice.backupCodes;
    const logins = await waiting(alice);
    const answers = await Promise.all(
      logins.map(({ token, at }) => complete({ mfa_token: token, backup_code: code }, at)),
    );
    const outcomes = codes(answers);
    expect(outcomes.filter((one) => one === 200)).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'CODE_INVALID')).toHaveLength(99);
    expect(await sessionsOf(alice)).toBe((before ?? 0) + 1);
    const { rows } = await server.sql.query(
      'SELECT FROM mfa_backup_codes WHERE user_id = $1 AND used_at IS NOT NULL',
      [alice.id],
    );
    expect(rows).toHaveLength(1);
  });
});

describe('a login that waits', () => {
  it('begins one session, also when a hundred different right codes come at once', async () => {
    const alice = await somebody();
    const before = await sessionsOf(alice);
    const token = await passPassword(server.api, alice);
    const right = [
      ...[-1, 0, 1].map((steps) => ({ code: alice.app.code(steps) })),
      ...alice.backupCodes.map((code) => ({ backup_code: code })),
    ];
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        complete({ mfa_token: token, ...right[n % right.length] }, n % 2 ? other : server),
      ),
    );
    expect(codes(answers).filter((one) => one === 200)).toHaveLength(1);
    expect(await sessionsOf(alice)).toBe((before ?? 0) + 1);
    const { rows } = await server.sql.query(
      `SELECT event_type FROM audit_events WHERE subject_id = $1 AND event_type = 'authn_login_success'`,
      [alice.id],
    );
    expect(rows).toHaveLength(2);
  });
});
