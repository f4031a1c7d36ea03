import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Actor } from '../support/api-client.js';
import type { TestServer } from '../support/test-server.js';
import { makeKeyStretchingCheap } from './cheap-work.js';
import { at, CHOICE, JOURNEY_EMAIL as email, NONCE, SECRET, SecretsJourney } from './secrets-journey.js';

makeKeyStretchingCheap();
const { startTestServer } = await import('../support/test-server.js');

/** The forms in which a secret could get into a text. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    bytes.toString('hex'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    createHash('sha256').update(bytes).digest('hex'),
  ];
}

describe('the log and the errors of a whole journey', () => {
  let server: TestServer;
  let superuser: pg.Client;
  let journey: SecretsJourney;
  /** What the service itself made and handed out, or keeps. */
  const handedOut: string[] = [];
  let me: Actor;
  let admin: Actor;
  let receipt: { leaf_hash: string; nonce: string };
  let ballotId: string;

  async function withTable(table: string, work: () => Promise<void>): Promise<void> {
    await server.sql.query(`ALTER TABLE ${table} ADD CONSTRAINT broken CHECK (false) NOT VALID`);
    await work();
    await server.sql.query(`ALTER TABLE ${table} DROP CONSTRAINT broken`);
  }

  beforeAll(async () => {
    server = await startTestServer({ env: { LOG_LEVEL: 'trace' } });
    // Its connections are cut below, together with the service's.
    server.sql.on('error', () => undefined);
    superuser = new pg.Client({ connectionString: server.database.superuserUrl });
    await superuser.connect();
    admin = await server.signUpAdmin();
    me = await server.signUp({ email, name: 'Journey', password: SECRET.password });
    journey = new SecretsJourney(server, me, admin);
    await journey.call('POST', at('/admin/candidate', admin.token), { name: 'The chosen one', id: CHOICE });
    await journey.call('POST', at('/admin/candidate', admin.token), { name: 'The other one' });

    await journey.callEverything();
    const vote = await server.sql.query('SELECT id, nonce, leaf_hash FROM ballots');
    const logIn = await journey.call('POST', at('/users/login'), { email, password: SECRET.newPassword });
    handedOut.push(me.token, admin.token, logIn.body.access_token, logIn.body.refresh_token);
    journey.refreshToken = logIn.body.refresh_token;
    ballotId = vote.rows[0].id;
    receipt = { leaf_hash: vote.rows[0].leaf_hash.toString('hex'), nonce: NONCE };

    await journey.provokeRefusals();
    for (const table of [
      'users',
      'notes',
      'user_keys',
      'sessions',
      'refresh_tokens',
      'participations',
      'ballots',
      'candidates',
      'note_password_attempts',
      'login_failures',
      'known_devices',
    ])
      await withTable(table, async () => {
        await journey.call('POST', at('/users/register'), {
          name: SECRET.title,
          email: `broken-${table}@example.com`,
          password: SECRET.password,
        });
        const [voter] = await server.sql
          .query(`SELECT 1`)
          .then(() => (table === 'users' || table === 'sessions' ? [me] : server.signUpCrowd(1)));
        await journey.call('POST', at('/users/vote', voter!.token), { candidate_id: CHOICE });
        await journey.callEverything();
      });
    handedOut.push(...journey.issued);
    await forceErrorsThatQuoteValues();
    await takeTheDatabaseAway();
    await journey.call('POST', at('/users/logout', me.token));
    await journey.call('GET', at('/users/info', me.token));

    const hashes = await server.sql.query('SELECT password_hash FROM users WHERE password_hash IS NOT NULL');
    const tokens = await server.sql.query('SELECT token_hash FROM refresh_tokens');
    const keys = await server.sql.query('SELECT wrapped_key, key_commitment FROM user_keys');
    handedOut.push(...hashes.rows.map((row) => row.password_hash));
    handedOut.push(...tokens.rows.map((row) => row.token_hash.toString('hex')));
    handedOut.push(
      ...keys.rows.flatMap((row) => [row.wrapped_key.toString('hex'), row.key_commitment.toString('hex')]),
    );
  }, 120_000);

  afterAll(async () => {
    await superuser.end();
    await server.close();
  });

  /** PostgreSQL quotes a value that does not fit a type in its message. */
  async function forceErrorsThatQuoteValues(): Promise<void> {
    await server.sql.query(`CREATE FUNCTION quote() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM (to_jsonb(NEW) ->> TG_ARGV[0])::integer; RETURN NEW; END $$`);
    for (const [table, column] of [
      ['users', 'name'],
      ['users', 'password_hash'],
      ['candidates', 'name'],
      ['ballots', 'ballot'],
      ['notes', 'sealed_title'],
    ]) {
      await server.sql.query(
        `CREATE TRIGGER quoting BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION quote('${column}')`,
      );
      const [voter] = table === 'users' ? [me] : await server.signUpCrowd(1);
      await journey.call('POST', at('/users/register'), {
        name: SECRET.title,
        email: `quoted-${column}@example.com`,
        password: SECRET.password,
      });
      await journey.call('POST', at('/users/vote', voter!.token), { candidate_id: CHOICE });
      await journey.callEverything();
      await server.sql.query(`DROP TRIGGER quoting ON ${table}`);
    }
  }

  async function takeTheDatabaseAway(): Promise<void> {
    const { name } = server.database;
    await superuser.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await superuser.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename <> current_user',
      [name],
    );
    await journey.callEverything();
    await superuser.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  }

  it('was a journey through refusals, failures and a missing database', () => {
    const codes = new Set(journey.errors.map(({ body }) => body.error.code));
    expect([...codes]).toEqual(
      expect.arrayContaining([
        'VALIDATION_ERROR',
        'WEAK_PASSWORD',
        'USER_EXISTS',
        'INVALID_CREDENTIALS',
        'UNAUTHENTICATED',
        'MALFORMED_JSON',
        'UNSUPPORTED_MEDIA_TYPE',
        'NOTE_PASSWORD_INVALID',
        'ALREADY_VOTED',
        'NOT_FOUND',
        'INTERNAL_ERROR',
        'DATABASE_UNAVAILABLE',
      ]),
    );
    for (const { status, body } of journey.errors) {
      if (status !== 500) continue;
      expect(body.error).toEqual({
        code: 'INTERNAL_ERROR',
        message: 'Something went wrong on our side; quote the request id when you report it.',
        details: {},
        request_id: expect.any(String),
      });
    }
    expect(server.log().match(/"a request failed"/g)?.length).toBeGreaterThan(10);
  });

  it.each(Object.entries(SECRET))('has no trace of the %s in the log', (_, secret) => {
    for (const form of formsOf(secret)) expect(linesWith(form)).toEqual([]);
  });

  it.each(Object.entries(SECRET))('has no trace of the %s in an error answer', (_, secret) => {
    const answers = journey.errors.map(({ body, headers }) => JSON.stringify([body, [...headers]]));
    for (const form of formsOf(secret)) expect(answers.filter((answer) => answer.includes(form))).toEqual([]);
  });

  it('has no token and no hash in the log or in an error answer', () => {
    expect(handedOut.length).toBeGreaterThan(8);
    expect(journey.issued).toContain(journey.refreshToken);
    expect(journey.issued).toContain(journey.deviceToken);
    const answers = journey.errors.map(({ body }) => JSON.stringify(body));
    for (const secret of handedOut) {
      expect(secret.length).toBeGreaterThan(20);
      expect(linesWith(secret)).toEqual([]);
      expect(answers.filter((answer) => answer.includes(secret))).toEqual([]);
    }
    expect(server.log()).not.toMatch(/\$argon2|eyJ[\w-]+\.eyJ/);
  });

  it('does not say how anybody voted', () => {
    expect(ballotId).toMatch(/^[0-9a-f-]{36}$/);
    const trails = [
      String(CHOICE),
      ballotId,
      receipt.leaf_hash,
      receipt.nonce,
      Buffer.from(NONCE, 'base64url').toString('hex'),
      'The chosen one',
    ];
    for (const trail of trails) expect(linesWith(trail)).toEqual([]);
    const votes = server
      .log()
      .split('\n')
      .filter((line) => line.includes('"path":"/users/vote"'));
    expect(votes.length).toBeGreaterThan(3);
    for (const line of votes)
      expect(Object.keys(JSON.parse(line)).toSorted()).toEqual([
        'latency_ms',
        'level',
        'message',
        'method',
        'path',
        'request_id',
        'status_code',
        'timestamp',
        'user_id',
      ]);
  });

  /** Where in the log a text stands. */
  function linesWith(text: string): string[] {
    return server
      .log()
      .split('\n')
      .filter((line) => line.includes(text))
      .map((line) => line.slice(0, 500));
  }
});
