import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import type { Actor } from '../../support/api-client.js';
import { codeTo, moveTo, otherThan, signUpVerified } from '../../support/mailed-codes.js';
import { outcome } from '../../support/outcome.js';
import { collectNotices } from '../../support/notices.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let notices: SecurityNotice[];
beforeAll(async () => {
  server = await startTestServer();
  notices = collectNotices(server);
});
afterAll(() => server.close());
afterEach(() => {
  notices.length = 0;
});

const newAddress = () => `${unique()}@example.com`;
const INVALID = [400, 'CODE_INVALID'];
const info = async (actor: Pick<Actor, 'token'>) => (await server.as(actor).get('/users/info')).body;
const kindsTo = async (address: string) => (await server.mailsTo(address)).map(({ kind }) => kind);
const confirm = (actor: Pick<Actor, 'token'>, code: string) =>
  server.as(actor).post('/auth/email/confirm-change', { code });

describe('another address', () => {
  it('is pending until the code that is mailed there is confirmed', async () => {
    const alice = await signUpVerified(server);
    const next = newAddress();
    const asked = await server.as(alice).patch('/users', { email: next });
    expect([asked.status, asked.body]).toMatchObject([200, { email: alice.email, pending_email: next }]);
    expect(await info(alice)).toMatchObject({ email: alice.email, pending_email: next });
    const answer = await confirm(alice, await codeTo(server, next, 'changeEmail'));
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { email: next, pending_email: null, email_verified: true },
    ]);
    expect(await server.logIn({ email: next, password: alice.password })).toEqual(expect.any(String));
    await expect(server.logIn(alice)).rejects.toThrow();
    expect(notices).toContainEqual({ kind: 'email_changed', userId: alice.id });
  });

  it('is verified for an account whose former one never was', async () => {
    const alice = await server.signUp();
    const next = newAddress();
    expect((await moveTo(server, alice, next)).body.email_verified).toBe(true);
    expect(await kindsTo(alice.email)).toEqual(['verifyEmail', 'emailChanged']);
  });

  it('can be had by an account without a password', async () => {
    const alice = await signUpVerified(server);
    await server.sql.query('UPDATE users SET password_hash = NULL WHERE id = $1', [alice.id]);
    expect((await moveTo(server, alice, newAddress())).status).toBe(200);
  });

  it('needs a login within the last fifteen minutes', async () => {
    const alice = await server.signUp();
    await server.sql.query(
      `UPDATE sessions SET authenticated_at = now() - interval '15 minutes 1 second' WHERE user_id = $1`,
      [alice.id],
    );
    expect(outcome(await server.as(alice).patch('/users', { email: newAddress() }))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
    expect((await server.as(alice).patch('/users', { name: 'Still Alice' })).status).toBe(200);
  });

  it('that is taken is told to nobody but whoever reads the mails there', async () => {
    const [alice, bob] = [await server.signUp(), await signUpVerified(server)];
    const [taken, free] = [bob.email, newAddress()];
    const ask = async (email: string) => {
      const { status, body } = await server.as(alice).patch('/users', { email });
      return { status, body: { ...body, pending_email: '' } };
    };
    expect(await ask(taken)).toEqual(await ask(free));
    await ask(taken);
    const code = await codeTo(server, taken, 'changeEmail');
    expect(outcome(await confirm(alice, otherThan(code)))).toEqual(INVALID);
    expect(outcome(await confirm(alice, code))).toEqual([400, 'USER_EXISTS']);
    expect((await info(alice)).email).toBe(alice.email);
  });

  it('is given to one account, also when several confirm it at once', async () => {
    const next = newAddress();
    const people = await Promise.all(Array.from({ length: 5 }, () => signUpVerified(server)));
    const codes: string[] = [];
    for (const person of people) {
      await server.as(person).patch('/users', { email: next });
      codes.push(await codeTo(server, next, 'changeEmail'));
    }
    const answers = await Promise.all(people.map((person, n) => confirm(person, codes[n]!)));
    expect(answers.map(outcome).sort()).toEqual([
      [200, undefined],
      ...Array.from({ length: 4 }, () => [400, 'USER_EXISTS']),
    ]);
  });

  it('is moved to once, also when a hundred confirm it at the same time', async () => {
    const alice = await signUpVerified(server);
    const next = newAddress();
    await server.as(alice).patch('/users', { email: next });
    const code = await codeTo(server, next, 'changeEmail');
    const answers = await Promise.all(Array.from({ length: 100 }, () => confirm(alice, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error?.code === 'CODE_INVALID')).toHaveLength(99);
    expect((await kindsTo(alice.email)).filter((kind) => kind === 'emailChanged')).toHaveLength(1);
  });

  it('is taken back by asking for the present one', async () => {
    const alice = await server.signUp();
    const next = newAddress();
    await server.as(alice).patch('/users', { email: next });
    const code = await codeTo(server, next, 'changeEmail');
    const answer = await server.as(alice).patch('/users', { email: alice.email.toUpperCase() });
    expect(answer.body).toMatchObject({ email: alice.email, pending_email: null });
    expect(outcome(await confirm(alice, code))).toEqual(INVALID);
  });

  it('is another flow when it is asked for twice: the code for the first opens nothing', async () => {
    const alice = await server.signUp();
    const [first, second] = [newAddress(), newAddress()];
    await server.as(alice).patch('/users', { email: first });
    await server.as(alice).patch('/users', { email: second });
    expect(outcome(await confirm(alice, await codeTo(server, first, 'changeEmail')))).toEqual(INVALID);
    expect((await confirm(alice, await codeTo(server, second, 'changeEmail'))).body.email).toBe(second);
  });

  it('is in REGISTRATION_DOMAINS, as at registration', async () => {
    const strict = await startTestServer({
      database: server.database,
      env: { REGISTRATION_DOMAINS: 'example.com' },
    });
    try {
      const alice = await server.signUp();
      const answer = await strict.as(alice).patch('/users', { email: 'alice@example.org', name: 'Not kept' });
      expect(outcome(answer)).toEqual([403, 'EMAIL_DOMAIN_NOT_ALLOWED']);
      expect(await info(alice)).toMatchObject({ name: alice.name, pending_email: null });
    } finally {
      await strict.close();
    }
  });

  it('buys no second vote, there and back', async () => {
    const admin = await server.signUpAdmin();
    const { id } = (await server.as(admin).post('/admin/candidate', { name: `Robin ${unique()}` })).body;
    const [alice, bob] = [await signUpVerified(server), await server.signUp()];
    const vote = (actor: Pick<Actor, 'token'>) => server.as(actor).post('/users/vote', { candidate_id: id });
    expect((await vote(alice)).status).toBe(201);
    await moveTo(server, alice, newAddress());
    expect(outcome(await vote(alice))).toEqual([409, 'ALREADY_VOTED']);
    // Whoever comes to the address that was left counts as the same voter, once it is free.
    await server.sql.query('DELETE FROM email_reverts WHERE user_id = $1', [alice.id]);
    await moveTo(server, bob, alice.email);
    expect(outcome(await vote(bob))).toEqual([409, 'ALREADY_VOTED']);
  });
});
