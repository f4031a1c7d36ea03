import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { enrol, passPassword, StoppedClock, type Enrolled } from '../../support/authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const TABLES = ['mfa_totp', 'mfa_backup_codes', 'mfa_tokens', 'login_failures'];

let server: TestServer;
let time: StoppedClock;
let alice: Enrolled;
/** Everything that was shown to Alice or sent by her and that opens something, in the spellings that it may be kept in. */
const secrets = new Map<string, string>();

function note(what: string, ...spellings: string[]): void {
  for (const spelling of spellings) secrets.set(spelling, what);
}

function noteBytes(what: string, text: string, bytes = Buffer.from(text)): void {
  note(what, text, bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'));
}

beforeAll(async () => {
  server = await startTestServer();
  time = new StoppedClock(server.app.get(Clock));
  const person = await server.signUp();
  const setup = await server.as(person).post('/auth/mfa/totp/setup');
  noteBytes('a secret that was never confirmed', setup.body.secret as string);
  alice = await enrol(server.api, server.app.get(Clock), person);
  for (const code of alice.backupCodes) {
    noteBytes('a backup code', code);
    noteBytes('a backup code', code.replaceAll('-', ''));
  }
  await journey();
  for (const table of TABLES) {
    await server.sql.query(`ALTER TABLE ${table} RENAME TO elsewhere`);
    await journey().catch(() => undefined);
    await server.sql.query(`ALTER TABLE elsewhere RENAME TO ${table}`);
  }
  await journey();
});
afterAll(() => server.close());

/** Every route that takes or shows a secret, rightly and wrongly. */
async function journey(): Promise<void> {
  const api = server.as(alice);
  const attempt = async (body: object) => server.api.post('/auth/mfa/complete', body);
  const code = () => {
    time.pass(60);
    return alice.app.freshCode();
  };
  await api.post('/auth/step-up', { code: code() });
  await api.post('/auth/step-up', { code: alice.app.wrongCode() });
  await api.post('/auth/step-up', { password: alice.password });
  await api.post('/auth/mfa/totp/setup');
  const regenerated = await api.post('/auth/mfa/backup-codes/regenerate', { code: code() });
  for (const one of (regenerated.body.backup_codes ?? []) as string[]) noteBytes('a backup code', one);
  const [backupCode] = (regenerated.body.backup_codes ?? alice.backupCodes) as [string];
  for (const body of [{ code: code() }, { backup_code: backupCode }, { backup_code: backupCode }]) {
    const token = await passPassword(server.api, alice);
    noteBytes('the token of a login that waits', token, Buffer.from(token, 'base64url'));
    await attempt({ mfa_token: token, ...body });
    await attempt({ mfa_token: token, code: 'not-a-code', extra: token });
  }
  await api.post('/auth/mfa/disable', { code: alice.app.wrongCode() });
}

describe('what opens an account with a second factor', () => {
  it('stands in no table, in no spelling', async () => {
    const { rows } = await server.sql.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    expect(secrets.size).toBeGreaterThan(50);
    for (const { name } of rows) {
      const { rows: contents } = await server.sql.query<{ text: string | null }>(
        `SELECT string_agg(t::text, ' ') AS text FROM ${name} t`,
      );
      const text = contents[0]?.text ?? '';
      const found = [...secrets].filter(([secret]) => text.includes(secret)).map(([, what]) => what);
      expect({ name, found }).toEqual({ name, found: [] });
    }
  });

  it('stands in no line of the log, in no spelling, also not where something fails', () => {
    const log = server.log();
    expect(log).toContain('/auth/mfa/complete');
    expect(log).toContain('request_failed');
    expect([...secrets].filter(([secret]) => log.includes(secret)).map(([, what]) => what)).toEqual([]);
  });

  it('is sealed for its account: in the row of another one it opens nothing', async () => {
    const mallory = await enrol(server.api, server.app.get(Clock), await server.signUp());
    time.pass(60);
    await server.sql.query(
      `UPDATE mfa_totp m SET sealed_secret = o.sealed_secret, key_id = o.key_id FROM mfa_totp o
       WHERE m.user_id = $1 AND o.user_id = $2`,
      [alice.id, mallory.id],
    );
    const token = await passPassword(server.api, alice);
    const answer = await server.api.post('/auth/mfa/complete', {
      mfa_token: token,
      code: mallory.app.freshCode(),
    });
    expect(answer.status).toBe(500);
    expect(answer.body.error.code).toBe('INTERNAL_ERROR');
  });

  it('is a keyed hash bound to its account: in the row of another one it is good for nobody', async () => {
    const bob = await enrol(server.api, server.app.get(Clock), await server.signUp());
    const carol = await enrol(server.api, server.app.get(Clock), await server.signUp());
    await server.sql.query('UPDATE mfa_backup_codes SET user_id = $2 WHERE user_id = $1', [bob.id, carol.id]);
    for (const person of [bob, carol]) {
      const answer = await server.api.post('/auth/mfa/complete', {
        mfa_token: await passPassword(server.api, person),
        backup_code: bob.backupCodes[0],
      });
      expect(answer.body.error.code).toBe('CODE_INVALID');
    }
  });
});
