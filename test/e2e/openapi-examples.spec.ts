import { afterAll, describe, expect, it } from '@jest/globals';
import { CodeHashesService } from '../../src/auth/codes/code-hashes.service.js';
import type { CodePurpose } from '../../src/auth/codes/one-time-code.entity.js';
import { RevertTokens } from '../../src/auth/email/revert-tokens.service.js';
import { NotMeLinks } from '../../src/auth/notices/not-me/not-me-links.service.js';
import { BackupCodesService } from '../../src/auth/mfa/backup-codes/backup-codes.service.js';
import { MfaTokensService } from '../../src/auth/mfa/pending/mfa-tokens.service.js';
import { TotpSecretsService } from '../../src/auth/mfa/totp/totp-secrets.service.js';
import { InvitationTokensService } from '../../src/auth/registration/invitation-tokens.service.js';
import { Clock } from '../../src/common/clock.js';
import { EXAMPLE_CHALLENGE } from '../../src/auth/passkeys/example-passkey.js';
import type { OAuthPurpose } from '../../src/auth/oauth/flows/oauth-flow.entity.js';
import { RefreshTokensService } from '../../src/auth/tokens/refresh-tokens.service.js';
import type { Actor } from '../support/api-client.js';
import { AnswerSchemas } from '../support/answer-schemas.js';
import { moveTo, verifyEmail } from '../support/mailed-codes.js';
import { enrol, passPassword, StoppedClock } from '../support/authenticator.js';
import { startTestServer, unique } from '../support/test-server.js';
import { vouchedCode } from '../support/vouched-codes.js';

interface Operation {
  requestBody?: {
    content: Record<string, { examples?: Record<string, { summary: string; value: object }> }>;
  };
}

/** Whom the request comes from, and what the path names. */
interface Setting {
  actor?: Actor;
  path?: Record<string, number | string>;
  headers?: Record<string, string>;
}

/** Who the documentation is about, with the password of its examples. */
const ADA = { name: 'Ada Lovelace', email: 'ada@example.com', username: 'ada' };
const PASSWORD = 'a curious otter sings at dawn';
const NOTE_PASSWORD = 'correct horse battery staple';

const server = await startTestServer({
  env: {
    OAUTH_GOOGLE_CLIENT_ID: 'mc101',
    OAUTH_GOOGLE_CLIENT_SECRET: 'of the examples',
    OAUTH_ALLOWED_REDIRECT_URIS: 'https://vote.example.com/signed-in',
  },
});
afterAll(() => server.close());
const admin = await server.signUpAdmin();
const clock = server.app.get(Clock);
// A test vector of RFC 6238: at this moment this secret's app shows the code of the documentation.
new StoppedClock(clock, new Date(1_111_111_109_000));
const exampleSecret = Buffer.from('12345678901234567890');

const document = (await server.api.get('/mc101docs-json')).body as {
  paths: Record<string, Record<string, Operation>>;
};
const { paths } = document;
const schemas = new AnswerSchemas(document);
const examples = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, { requestBody }]) =>
    Object.entries(requestBody?.content ?? {}).flatMap(([type, media]) =>
      Object.entries(media.examples ?? {}).map(([name, { summary, value }]) => ({
        key: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        type,
        name,
        summary,
        value,
      })),
    ),
  ),
);

/** Takes away what the examples before have made, so that each of them meets the service of the documentation. */
async function startAfresh(): Promise<void> {
  for (const table of ['ballots', 'participations', 'candidates', 'email_reverts', 'invitations'])
    await server.sql.query(`DELETE FROM ${table}`);
  await server.sql.query('DELETE FROM users WHERE email_normalized = $1 OR username_normalized LIKE $2', [
    ADA.email,
    `${ADA.username}%`,
  ]);
  await server.sql.query('DELETE FROM mail_messages');
}

/** The refresh token of the documentation belongs to a session of this account. */
async function knowExampleToken(userId: number): Promise<void> {
  const [hash] = server.app.get(RefreshTokensService).hashesOf('mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M');
  await server.sql.query(
    'UPDATE refresh_tokens SET token_hash = $2 FROM sessions s WHERE s.id = session_id AND s.user_id = $1',
    [userId, hash],
  );
}

const ada = () => server.signUp({ ...ADA, password: PASSWORD });

/** Puts the code of the documentation in the place of the one that was mailed to an address. */
async function knowCode(purpose: CodePurpose, email: string): Promise<void> {
  const { rows } = await server.sql.query<{ id: string; subject: Buffer }>(
    'SELECT c.id, subject FROM one_time_codes c JOIN users u ON u.id = user_id WHERE purpose = $1 AND email = $2',
    [purpose, ADA.email],
  );
  const binding = { ...rows[0]!, purpose, emailNormalized: email };
  const hash = server.app.get(CodeHashesService).hash(binding, '04719283');
  await server.sql.query('UPDATE one_time_codes SET code_hash = $2 WHERE id = $1', [binding.id, hash]);
}

/** Puts the way back of the documentation in the place of the one that was mailed. */
async function knowWayBack(actor: Actor): Promise<void> {
  await verifyEmail(server, actor);
  await moveTo(server, actor, 'ada.king@example.com');
  const [hash] = server.app.get(RevertTokens).hashesOf('mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M');
  await server.sql.query('UPDATE email_reverts SET token_hash = $2 WHERE user_id = $1', [actor.id, hash]);
}

async function withNote(personal: boolean): Promise<Setting> {
  const actor = await server.signUp();
  const mode = personal ? { personal_encryption: true, password: NOTE_PASSWORD } : {};
  const note = await server.as(actor).post('/users/notes', { title: 'A title', content: 'A text', ...mode });
  return { actor, path: { note_id: note.body.id } };
}

async function withCandidate(id?: number): Promise<Setting> {
  const created = await server.as(admin).post('/admin/candidate', { name: `Candidate ${unique()}`, id });
  return { actor: admin, path: { id: created.body.id } };
}

/** Puts the invitation of the documentation in the place of one that was made. */
async function invite(documented: string): Promise<void> {
  const { body } = await server.as(admin).post('/admin/invitations', {});
  const [hash] = server.app.get(InvitationTokensService).hashesOf(documented);
  await server.sql.query('UPDATE invitations SET token_hash = $2 WHERE id = $1', [body.id, hash]);
}

/** An account whose app shows the code of the documentation now, and which has its backup code. */
async function withExampleApp({ backup_code: backupCode }: Record<string, unknown> = {}): Promise<Actor> {
  const actor = await enrol(server.api, clock, await ada());
  await showExampleCode(actor.id);
  if (typeof backupCode === 'string') {
    const [drawn, documented] = [actor.backupCodes[0]!, backupCode].map(
      (code) => server.app.get(BackupCodesService).hashesOf(actor.id, code)[0],
    );
    await server.sql.query('UPDATE mfa_backup_codes SET code_hash = $2 WHERE code_hash = $1', [
      drawn,
      documented,
    ]);
  }
  return actor;
}

/** Puts another secret in the place of an app's, which shows this code now. */
async function showExampleCode(userId: number): Promise<void> {
  const { keyId, sealedSecret } = server.app.get(TotpSecretsService).seal(userId, exampleSecret);
  await server.sql.query(
    `UPDATE mfa_totp SET key_id = $2, sealed_secret = $3, last_step = last_step - 1 WHERE user_id = $1`,
    [userId, keyId, sealedSecret],
  );
}

/** A login of Ada's that waits, with the token of the documentation. */
async function withExampleLogin(channel: 'bearer' | 'web', body: Record<string, unknown>): Promise<Setting> {
  const actor = await withExampleApp(body);
  await passPassword(server.api, actor);
  const [hash] = server.app.get(MfaTokensService).hashesOf(String(body['mfa_token']));
  await server.sql.query('UPDATE mfa_tokens SET token_hash = $2, channel = $3 WHERE user_id = $1', [
    actor.id,
    hash,
    channel,
  ]);
  return channel === 'web' ? { headers: { origin: server.config.publicUrl } } : {};
}

/** Waits for the answer of the documentation's passkey. */
async function expectAnswer({ id }: Actor, purpose: 'registration' | 'named-login'): Promise<void> {
  const isLogin = purpose === 'named-login';
  await server.sql.query(
    `INSERT INTO passkey_challenges (challenge, purpose, user_id, session_id, expires_at)
     VALUES ($1, $2, $3, (SELECT id FROM sessions WHERE user_id = $3 AND NOT $4), now() + interval '1 minute')`,
    [
      Buffer.from(isLogin ? EXAMPLE_CHALLENGE : 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M', 'base64url'),
      purpose,
      id,
      isLogin,
    ],
  );
}

/** Gives somebody the passkey of the documentation, and a login with it to answer. @returns the passkey's id */
async function givePasskey(actor: Actor): Promise<number> {
  await expectAnswer(actor, 'registration');
  const { value } = examples.find(({ key }) => key === 'POST /auth/passkeys/register/verify')!;
  const { body } = await server.as(actor).post('/auth/passkeys/register/verify', value);
  await expectAnswer(actor, 'named-login');
  return body.id;
}

/** What there must be before the examples of a route can work. A new route with a body needs a line here. */
/** Makes the code of an example one that a provider's word stands behind. */
async function vouch(
  purpose: OAuthPurpose,
  { code, code_verifier, invitation }: Record<string, unknown>,
): Promise<void> {
  if (typeof invitation === 'string') await invite(invitation);
  await vouchedCode(server, purpose, { code: String(code), code_verifier: String(code_verifier) });
}

const SETTINGS: Record<string, (example: string, body: Record<string, unknown>) => Promise<Setting>> = {
  'POST /users/register': async (_, { invitation }) => {
    if (typeof invitation === 'string') await invite(invitation);
    return {};
  },
  'POST /admin/invitations': () => Promise.resolve({ actor: admin }),
  'POST /users/login': async () => {
    await ada();
    return {};
  },
  'POST /auth/refresh': async () => {
    await knowExampleToken((await ada()).id);
    return {};
  },
  'POST /auth/password-reset/request': async () => {
    await ada();
    return {};
  },
  'POST /auth/password-reset/confirm': async () => {
    await ada();
    await server.api.post('/auth/password-reset/request', { email: ADA.email });
    await knowCode('reset_password', ADA.email);
    return {};
  },
  'POST /auth/email/verify': async () => {
    const actor = await ada();
    await knowCode('verify_email', ADA.email);
    return { actor };
  },
  'POST /auth/email/confirm-change': async () => {
    const actor = await ada();
    await server.as(actor).patch('/users', { email: 'ada.king@example.com' });
    await knowCode('change_email', 'ada.king@example.com');
    return { actor };
  },
  'POST /auth/email/revert': async () => {
    await knowWayBack(await ada());
    return {};
  },
  'POST /auth/not-me': async () => {
    const person = await ada();
    // A second device, of which a letter tells.
    await server.logIn(person);
    const [hash] = server.app.get(NotMeLinks).hashesOf('mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M');
    await server.sql.query('UPDATE not_me_links SET token_hash = $2 WHERE user_id = $1', [person.id, hash]);
    return {};
  },
  'POST /auth/logout': () => Promise.resolve({}),
  'POST /auth/web/login': async () => {
    await ada();
    return { headers: { origin: server.config.publicUrl } };
  },
  'POST /auth/mfa/complete': (_, body) => withExampleLogin('bearer', body),
  'POST /auth/web/mfa': (_, body) => withExampleLogin('web', body),
  'POST /auth/mfa/totp/confirm': async () => {
    const actor = await ada();
    await server.as(actor).post('/auth/mfa/totp/setup');
    await showExampleCode(actor.id);
    return { actor };
  },
  'POST /auth/mfa/backup-codes/regenerate': async (_, body) => ({ actor: await withExampleApp(body) }),
  'POST /auth/mfa/disable': async (_, body) => ({ actor: await withExampleApp(body) }),
  'POST /auth/step-up': async (_, body) => ({ actor: await withExampleApp(body) }),
  'POST /auth/passkeys/register/verify': async () => {
    const actor = await ada();
    await expectAnswer(actor, 'registration');
    return { actor };
  },
  'PATCH /auth/passkeys/{id}': async () => {
    const actor = await ada();
    return { actor, path: { id: await givePasskey(actor) } };
  },
  'POST /auth/oauth/{provider}/link': async () => ({ actor: await ada(), path: { provider: 'google' } }),
  'POST /auth/oauth/exchange': async (_, body) => {
    await vouch('login', body);
    return {};
  },
  'POST /auth/web/exchange': async (_, body) => {
    await vouch('login', body);
    return { headers: { origin: server.config.publicUrl } };
  },
  'POST /auth/identities': async (_, body) => {
    const actor = await ada();
    await vouch('link', body);
    return { actor };
  },
  'POST /auth/passkeys/login/options': () => Promise.resolve({}),
  'POST /auth/passkeys/login/verify': async () => {
    await givePasskey(await ada());
    return {};
  },
  'POST /auth/web/passkeys/login/options': () =>
    Promise.resolve({ headers: { origin: server.config.publicUrl } }),
  'POST /auth/web/passkeys/login/verify': async () => {
    await givePasskey(await ada());
    return { headers: { origin: server.config.publicUrl } };
  },
  'POST /users/change-password': async () => ({ actor: await ada() }),
  'PATCH /users': async () => ({ actor: await ada() }),
  'PATCH /admin/users/{id}': async () => ({ actor: admin, path: { id: (await ada()).id } }),
  'POST /users/notes': async () => ({ actor: await ada() }),
  'PATCH /users/notes/{note_id}': (example) => withNote(!['app', 'makePersonal'].includes(example)),
  'POST /users/notes/{note_id}/open': () => withNote(true),
  'POST /admin/candidate': () => Promise.resolve({ actor: admin }),
  'PATCH /admin/candidate/{id}': () => withCandidate(),
  'POST /users/vote': async () => ({ ...(await withCandidate(1)), actor: await ada() }),
};

const isCreation = (method: string, path: string) =>
  ['/auth/passkeys/register/verify', '/auth/identities'].includes(path) ||
  (method === 'POST' && !/login|password|open|auth/.test(path));

describe('the examples of request bodies', () => {
  it('are there for every body, of every type', () => {
    const bodies = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { requestBody }]) =>
        Object.keys(requestBody?.content ?? {}).map((type) => `${method.toUpperCase()} ${path} ${type}`),
      ),
    );
    expect(bodies.length).toBeGreaterThan(11);
    expect([...new Set(examples.map(({ key, type }) => `${key} ${type}`))].sort()).toEqual(bodies.sort());
    expect(Object.keys(SETTINGS).sort()).toEqual([...new Set(examples.map(({ key }) => key))].sort());
  });

  it.each(examples)(
    'work as they stand, and are answered as is documented: $key, $type, $name',
    async (example) => {
      const { key, method, path, type, name, summary, value } = example;
      await startAfresh();
      const { actor, path: ids = {}, headers } = await SETTINGS[key]!(name, { ...value });
      const target = path.replaceAll(/\{(\w+)\}/g, (_, id: string) => String(ids[id]));
      const isForm = type === 'application/x-www-form-urlencoded';
      const answer = await (actor ? server.as(actor) : server.api).request(method, target, undefined, {
        headers: { ...headers, 'content-type': type },
        rawBody: isForm
          ? new URLSearchParams(value as Record<string, string>).toString()
          : JSON.stringify(value),
      });
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: path.endsWith('/request') ? 202 : isCreation(method, path) ? 201 : 200,
        body: expect.anything(),
      });
      expect(schemas.problems(method, path, answer.status, answer.body)).toEqual([]);
      expect(summary).toMatch(/\w/);
    },
  );
});
