import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AdminAccountsService } from '../../src/auth/admin-accounts.service.js';
import { PasswordHasher } from '../../src/auth/passwords/password-hasher.js';
import type { Actor, Answer } from '../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let open: TestServer;
let admin: Actor;
const others: TestServer[] = [];

/** Another process of the same service, with other rules of who may register. */
async function startWith(env: Record<string, string>): Promise<TestServer> {
  const server = await startTestServer({ database: open.database, env });
  others.push(server);
  return server;
}

beforeAll(async () => {
  open = await startTestServer();
  admin = await open.signUpAdmin();
});
afterAll(async () => {
  for (const server of others) await server.close();
  await open.close();
});

const register = (server: TestServer, body: object): Promise<Answer> =>
  server.api.post('/users/register', { name: 'Grace', password: PASSWORD, ...body });

/** All of an answer that does not differ between any two requests. */
function bare({ status, headers, body }: Answer) {
  const kept = [...headers].filter(([name]) => !['x-request-id', 'date', 'ratelimit'].includes(name));
  return { status, kept, error: { ...body.error, request_id: '' } };
}

/** Counts the password hashes that are made while something happens. */
async function hashesDuring(server: TestServer, work: () => Promise<unknown>): Promise<number> {
  const hash = jest.spyOn(server.app.get(PasswordHasher), 'hash');
  try {
    await work();
    return hash.mock.calls.length;
  } finally {
    hash.mockRestore();
  }
}

describe.each([
  ['invite', {}],
  ['invite', { invitation: 'A'.repeat(43) }],
  ['closed', {}],
  ['closed', { invitation: 'A'.repeat(43) }],
])('with REGISTRATION=%s and %j', (REGISTRATION, given) => {
  it('a taken and a free address get the same refusal, and neither costs a password hash', async () => {
    const server = await startWith({ REGISTRATION });
    const attempt = (email: string) => register(server, { email, ...given });
    const free = `${unique()}@example.com`;
    const answers: Answer[] = [];
    const hashes = await hashesDuring(server, async () => {
      answers.push(await attempt(admin.email), await attempt(free));
    });
    expect(answers[0]!.status).toBe(403);
    expect(bare(answers[0]!)).toEqual(bare(answers[1]!));
    expect(hashes).toBe(0);
    const weak = await register(server, { email: free, password: 'password', ...given });
    expect(bare(weak)).toEqual(bare(answers[0]!));
  });
});

describe('REGISTRATION=invite', () => {
  it('lets nobody register without an invitation, and whoever has one', async () => {
    const server = await startWith({ REGISTRATION: 'invite' });
    const email = `${unique()}@example.com`;
    expect((await register(server, { email })).body.error).toMatchObject({ code: 'REGISTRATION_CLOSED' });
    const { invitation } = (await server.as(admin).post('/admin/invitations', {})).body;
    expect((await register(server, { email, invitation })).status).toBe(201);
  });

  it('an invitation for one address says nothing of another, not even whether it is taken', async () => {
    const server = await startWith({ REGISTRATION: 'invite' });
    const mine = `${unique()}@example.com`;
    const { invitation } = (await server.as(admin).post('/admin/invitations', { email: mine })).body;
    const taken = await register(server, { email: admin.email, invitation });
    const free = await register(server, { email: `${unique()}@example.com`, invitation });
    expect(taken.body.error.code).toBe('INVITATION_INVALID');
    expect(bare(taken)).toEqual(bare(free));
  });
});

describe('REGISTRATION=closed', () => {
  it('lets not even the invited register, and lets nobody be invited', async () => {
    const server = await startWith({ REGISTRATION: 'closed' });
    const { invitation } = (await open.as(admin).post('/admin/invitations', {})).body;
    for (const answer of [
      await register(server, { email: `${unique()}@example.com`, invitation }),
      await server.as(admin).post('/admin/invitations', {}),
    ])
      expect([answer.status, answer.body.error.code]).toEqual([403, 'REGISTRATION_CLOSED']);
  });

  it('leaves what the operator does alone, also outside REGISTRATION_DOMAINS', async () => {
    const server = await startWith({ REGISTRATION: 'closed', REGISTRATION_DOMAINS: 'example.org' });
    const email = `${unique()}@example.com`;
    await server.app.get(AdminAccountsService).create(email, PASSWORD);
    expect(await server.logIn({ email, password: PASSWORD })).toEqual(expect.any(String));
  });
});

describe('REGISTRATION_DOMAINS', () => {
  it.each([
    ['someone@example.org', 201],
    ['someone.else@EXAMPLE.ORG', 201],
    ['a@b\u00fccher.example', 201],
    ['b@xn--bcher-kva.example', 201],
    ['c@Bu\u0308cher.Example', 201],
    ['a@mail.example.org', 403],
    ['a@notexample.org', 403],
    ['a@example.org.evil.example', 403],
    ['example.org@evil.example', 403],
    ['a@example.com', 403],
  ])('%s is answered %i', async (email, status) => {
    const server = await startWith({ REGISTRATION_DOMAINS: 'Example.org, b\u00fccher.example' });
    const answer = await register(server, { email });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.body.error.code).toBe('EMAIL_DOMAIN_NOT_ALLOWED');
  });

  it('hold for the invited too, and refuse a taken address as they refuse a free one', async () => {
    const server = await startWith({ REGISTRATION: 'invite', REGISTRATION_DOMAINS: 'example.org' });
    const { invitation } = (await server.as(admin).post('/admin/invitations', {})).body;
    const taken = await register(server, { email: admin.email, invitation });
    const free = await register(server, { email: `${unique()}@example.com`, invitation });
    expect(taken.body.error.code).toBe('EMAIL_DOMAIN_NOT_ALLOWED');
    expect(bare(taken)).toEqual(bare(free));
  });
});

describe('an invitation', () => {
  it('stands in no log line: neither made, nor used, nor tried', async () => {
    const { invitation } = (await open.as(admin).post('/admin/invitations', {})).body;
    await register(open, { email: `${unique()}@example.com`, invitation });
    await register(open, { email: `${unique()}@example.com`, invitation });
    await register(open, { email: 'nowhere', invitation });
    expect(open.log()).not.toContain(invitation);
    expect(open.log()).toContain('/users/register');
  });
});
