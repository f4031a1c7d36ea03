import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '../../src/common/errors/error-codes.js';
import type { Actor, Answer } from '../support/api-client.js';
import { verifyEmail } from '../support/mailed-codes.js';
import { startTestServer, unique, type TestServer } from '../support/test-server.js';
import { MfaPeople } from './mfa/mfa-people.js';

interface Told {
  message: string;
  details: object;
}

interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        responses: Record<
          string,
          { content: { 'application/json': { examples: Record<string, { value: { error: Told } }> } } }
        >;
      }
    >
  >;
}

const NO_CODE = '00000000';
const NO_TOKEN = 'A'.repeat(43);
const PASSWORD = 'nine lanterns over a quiet harbour';
const WRONG = 'not the password of anybody';

let server: TestServer;
let demanding: TestServer;
let people: MfaPeople;
let document: Document;
beforeAll(async () => {
  server = await startTestServer();
  demanding = await startTestServer({ env: { REQUIRE_MFA: 'all' }, database: server.database });
  people = new MfaPeople(server);
  document = (await server.api.get('/mc101docs-json')).body as Document;
});
afterAll(async () => {
  await demanding.close();
  await server.close();
});

const as = (actor: Pick<Actor, 'token'>) => server.as(actor);
const reset = (email: string) =>
  server.api.post('/auth/password-reset/confirm', { email, code: NO_CODE, new_password: PASSWORD });

/** Asked for another address. */
async function moving(): Promise<Actor> {
  const actor = await server.signUp();
  await verifyEmail(server, actor);
  expect((await as(actor).patch('/users', { email: `moved-${unique()}@example.com` })).status).toBe(200);
  return actor;
}

async function aged(): Promise<Actor> {
  const actor = await server.signUp();
  await people.age(actor);
  return actor;
}

async function completing(): Promise<{ mfa_token: string; code: string }> {
  const person = await people.withApp();
  return { mfa_token: await people.passPassword(person), code: person.app.wrongCode() };
}

const registration = (password: string) => ({ name: 'Ada', email: `${unique()}@example.com`, password });

const ANSWERS: [string, ErrorCode, () => Promise<Answer>][] = [
  [
    'POST /auth/email/verify',
    'CODE_INVALID',
    async () => as(await server.signUp()).post('/auth/email/verify', { code: NO_CODE }),
  ],
  [
    'POST /auth/email/confirm-change',
    'CODE_INVALID',
    async () => as(await moving()).post('/auth/email/confirm-change', { code: NO_CODE }),
  ],
  [
    'POST /auth/email/revert',
    'CODE_INVALID',
    () => server.api.post('/auth/email/revert', { token: NO_TOKEN }),
  ],
  ['POST /auth/not-me', 'CODE_INVALID', () => server.api.post('/auth/not-me', { token: NO_TOKEN })],
  ['POST /auth/password-reset/confirm', 'CODE_INVALID', () => reset(`${unique()}@example.com`)],
  [
    'POST /auth/mfa/complete',
    'CODE_INVALID',
    async () => server.api.post('/auth/mfa/complete', await completing()),
  ],
  [
    'POST /auth/mfa/totp/confirm',
    'CODE_INVALID',
    async () => {
      const actor = await server.signUp();
      await as(actor).post('/auth/mfa/totp/setup');
      return as(actor).post('/auth/mfa/totp/confirm', { code: NO_CODE });
    },
  ],
  ...['/auth/mfa/backup-codes/regenerate', '/auth/mfa/disable', '/auth/step-up'].map(
    (path): [string, ErrorCode, () => Promise<Answer>] => [
      `POST ${path}`,
      'CODE_INVALID',
      async () => as(await people.withApp()).post(path, { code: NO_CODE }),
    ],
  ),
  ...['/auth/mfa/disable', '/auth/step-up'].map((path): [string, ErrorCode, () => Promise<Answer>] => [
    `POST ${path}`,
    'INVALID_CREDENTIALS',
    async () => as(await people.withApp()).post(path, { password: WRONG }),
  ]),
  [
    'POST /users/change-password',
    'INVALID_CREDENTIALS',
    async () =>
      as(await server.signUp()).post('/users/change-password', {
        current_password: WRONG,
        new_password: PASSWORD,
      }),
  ],
  [
    'POST /users/login',
    'MFA_REQUIRED',
    async () => {
      const { email, password } = await people.withApp();
      const form = new URLSearchParams({ grant_type: 'password', username: email, password });
      return server.api.post('/users/login', undefined, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        rawBody: form.toString(),
      });
    },
  ],
  [
    'POST /users/register',
    'WEAK_PASSWORD',
    () => server.api.post('/users/register', registration('passwordpassword')),
  ],
  [
    'POST /auth/mfa/totp/setup',
    'REAUTHENTICATION_REQUIRED',
    async () => as(await aged()).post('/auth/mfa/totp/setup'),
  ],
  ['DELETE /users', 'REAUTHENTICATION_REQUIRED', async () => as(await aged()).delete('/users')],
  [
    'GET /users/notes',
    'MFA_SETUP_REQUIRED',
    async () => demanding.as(await server.signUp()).get('/users/notes'),
  ],
];

function documented(route: string, status: number, code: ErrorCode): Told {
  const [method, path] = route.toLowerCase().split(' ') as [string, string];
  const { content } = document.paths[path]![method]!.responses[String(status)]!;
  return content['application/json'].examples[code]!.value.error;
}

describe('the example of an error', () => {
  it.each(ANSWERS)('of %s is what the service answers: %s', async (route, code, ask) => {
    const { status, body } = await ask();
    const { message, details } = body.error as Told;
    expect(body.error.code).toBe(code);
    const example = documented(route, status, code);
    expect(message).toBe(example.message);
    expect(Object.keys(details).sort()).toEqual(Object.keys(example.details).sort());
  });
});

describe('a refusal says what to do', () => {
  it('where the login is too old: log in again or step up', () => {
    const { message } = documented('DELETE /users', 403, 'REAUTHENTICATION_REQUIRED');
    expect(message).toContain('POST /auth/step-up');
  });

  it('where a second factor is asked of everybody: where one is set up', () => {
    const { message } = documented('GET /users/notes', 403, 'MFA_SETUP_REQUIRED');
    expect(message).toContain('POST /auth/mfa/totp/setup');
    expect(message).toContain('POST /auth/passkeys/register/options');
  });

  it('where a link is dead: not to ask for another code, which nobody can', () => {
    for (const route of ['POST /auth/email/revert', 'POST /auth/not-me']) {
      const { message } = documented(route, 400, 'CODE_INVALID');
      expect(message).toMatch(/^This link is not valid/);
      expect(message).not.toContain('ask for another one');
    }
  });

  it.each([
    ['/auth/mfa/complete', 'backup_code', 'is missing: give either code or backup_code'],
    ['/auth/step-up', 'code', 'is missing: give either password or code'],
    ['/auth/mfa/disable', 'code', 'is missing: give either password or code'],
    ['/users/login', 'username', 'is missing: give either email or username'],
  ])('where neither of two fields is given to %s: both of them', async (path, field, problem) => {
    const { status, body } = await as(await server.signUp()).post(path, {});
    expect(status).toBe(422);
    expect(body.error.details.fields).toContainEqual({ field, problems: [problem] });
  });
});
