import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codesTo, codeTo, otherThan, verifyEmail } from '../../support/mailed-codes.js';
import { outcome } from '../../support/outcome.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const INVALID = [400, 'CODE_INVALID'];
const kindsTo = async (address: string) => (await server.mailsTo(address)).map(({ kind }) => kind);

describe('an address', () => {
  it('is verified with the code that registration mails, and greeted', async () => {
    const alice = await server.signUp();
    expect((await server.as(alice).get('/users/info')).body.email_verified).toBe(false);
    const answer = await verifyEmail(server, alice);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        id: alice.id,
        name: alice.name,
        email: alice.email,
        username: null,
        is_active: true,
        email_verified: true,
        pending_email: null,
        role: 'user',
        created_at: expect.any(String),
      },
    ]);
    expect((await server.as(alice).get('/users/info')).body.email_verified).toBe(true);
    expect(await kindsTo(alice.email)).toEqual(['verifyEmail', 'welcome']);
    // Who knows nothing of it is told the way that works at once: until a day has passed the address is taken.
    const [letter] = await server.mailsTo(alice.email);
    const text = letter!.text.replaceAll('\n', ' ');
    expect(text).toContain('reset the password: the account is yours then');
    expect(text).toContain('after 24 hours');
    const { rows } = await server.sql.query(
      `SELECT actor_id FROM audit_events WHERE subject_id = $1 AND event_type = 'user_email_verified'`,
      [alice.id],
    );
    expect(rows).toEqual([{ actor_id: alice.id }]);
  });

  it('lets its owner vote where only verified voters may', async () => {
    const admin = await server.signUpAdmin();
    const { id } = (await server.as(admin).post('/admin/candidate', { name: `Robin ${unique()}` })).body;
    await server.sql.query(`UPDATE elections SET eligibility = 'verified'`);
    try {
      const alice = await server.signUp();
      const vote = () => server.as(alice).post('/users/vote', { candidate_id: id });
      expect(outcome(await vote())).toEqual([403, 'NOT_ELIGIBLE']);
      await verifyEmail(server, alice);
      expect((await vote()).status).toBe(201);
    } finally {
      await server.sql.query(`UPDATE elections SET eligibility = 'everyone'`);
    }
  });

  it('is verified once, also when a hundred codes come at the same time', async () => {
    const alice = await server.signUp();
    const answers = await Promise.all(Array.from({ length: 100 }, () => verifyEmail(server, alice)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await kindsTo(alice.email)).filter((kind) => kind === 'welcome')).toHaveLength(1);
    expect(outcome(await verifyEmail(server, alice))).toEqual(INVALID);
  });

  it('is not verified after five wrong codes, and is with another one', async () => {
    const alice = await server.signUp();
    const code = await codeTo(server, alice.email, 'verifyEmail');
    const verify = (given: string) => server.as(alice).post('/auth/email/verify', { code: given });
    const tried = await Promise.all(Array.from({ length: 100 }, () => verify(otherThan(code))));
    for (const answer of tried) expect(outcome(answer)).toEqual(INVALID);
    expect(outcome(await verify(code))).toEqual(INVALID);
    const { rows } = await server.sql.query(
      `SELECT details FROM audit_events WHERE subject_id = $1 AND event_type = 'user_email_verify_fail'`,
      [alice.id],
    );
    expect(rows).toEqual(Array.from({ length: 5 }, () => ({ details: { purpose: 'verify' } })));
    expect((await server.as(alice).post('/auth/email/resend')).status).toBe(202);
    expect((await verifyEmail(server, alice)).status).toBe(200);
  });

  it('of somebody else is not verified by my code', async () => {
    const [alice, bob] = [await server.signUp(), await server.signUp()];
    const code = await codeTo(server, alice.email, 'verifyEmail');
    expect(outcome(await server.as(bob).post('/auth/email/verify', { code }))).toEqual(INVALID);
    expect((await verifyEmail(server, alice)).status).toBe(200);
  });
});

describe('another code', () => {
  it('voids the former one', async () => {
    const alice = await server.signUp();
    expect((await server.as(alice).post('/auth/email/resend')).status).toBe(202);
    const [first, second] = await codesTo(server, alice.email, 'verifyEmail');
    const verify = (code: string) => server.as(alice).post('/auth/email/verify', { code });
    if (first !== second) expect(outcome(await verify(first!))).toEqual(INVALID);
    expect((await verify(second!)).status).toBe(200);
  });

  it('is not mailed for an address that is verified', async () => {
    const alice = await server.signUp();
    await verifyEmail(server, alice);
    expect(outcome(await server.as(alice).post('/auth/email/resend'))).toEqual([409, 'EMAIL_VERIFIED']);
  });

  it('is mailed to where the account is to move', async () => {
    const alice = await server.signUp();
    const next = `${unique()}@example.com`;
    await server.as(alice).patch('/users', { email: next });
    await server.as(alice).post('/auth/email/resend');
    expect(await codesTo(server, next, 'changeEmail')).toHaveLength(2);
    expect(await codesTo(server, alice.email, 'verifyEmail')).toHaveLength(1);
  });

  it('is mailed RL_RESET_EMAIL_LIMIT times an hour, and costs nothing where it is refused', async () => {
    const limited = await startTestServer({ database: server.database, env: { RL_RESET_EMAIL_LIMIT: '2' } });
    try {
      const alice = await server.signUp();
      const resend = () => limited.as(alice).post('/auth/email/resend');
      expect([(await resend()).status, (await resend()).status]).toEqual([202, 202]);
      const refused = await resend();
      expect(outcome(refused)).toEqual([429, 'RATE_LIMITED']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
      // The last code that was mailed stays good.
      expect((await verifyEmail(server, alice)).status).toBe(200);
    } finally {
      await limited.close();
    }
  });

  it('does not go to one address again and again because many accounts ask for it', async () => {
    const limited = await startTestServer({ database: server.database, env: { RL_RESET_EMAIL_LIMIT: '2' } });
    try {
      const victim = `${unique()}@example.com`;
      const statuses: number[] = [];
      for (let n = 0; n < 4; n += 1)
        statuses.push((await limited.as(await server.signUp()).patch('/users', { email: victim })).status);
      expect(statuses).toEqual([200, 200, 429, 429]);
      expect(await codesTo(server, victim, 'changeEmail')).toHaveLength(2);
    } finally {
      await limited.close();
    }
  });
});
