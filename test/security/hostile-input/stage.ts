import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { OneTimeCodesService } from '../../../src/auth/codes/one-time-codes.service.js';
import { EmailRevertsRepository } from '../../../src/auth/email/email-reverts.repository.js';
import { RevertTokens } from '../../../src/auth/email/revert-tokens.service.js';
import { NotMeLinks } from '../../../src/auth/notices/not-me/not-me-links.service.js';
import { ResetSubjects } from '../../../src/auth/recovery/reset-subjects.service.js';
import { Clock } from '../../../src/common/clock.js';
import type { Actor } from '../../support/api-client.js';
import { Authenticator, enrol, passPassword, type Enrolled } from '../../support/authenticator.js';
import type { TestServer } from '../../support/test-server.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { vouchedCode } from '../../support/vouched-codes.js';
import { WebClient } from '../../support/web-client.js';
import { makeKeyStretchingCheap, makePasswordEstimatesCheap } from '../cheap-work.js';
import { operationsOf, type OpenApiDocument, type Operation } from '../../support/operations.js';
import { RawClient, type RawAnswer } from './raw-client.js';

/** How many requests of a test run at once. */
export const LANES = 16;

const REDIRECT_URI = 'https://vote.example.com/signed-in';
const NOTE_PASSWORD = 'correct horse battery staple';
/** Ids of what the tests make begin here, so that no small number in hostile input names any of it. */
const FIRST_ID = 70_000;
const SPENT_A_BATCH = 500;

/** What one lane owns: nobody else changes it. */
interface Lane {
  /** An admin, who may call everything. */
  admin: Actor;
  passwordHash: string;
  noteId: number;
  personalNoteId: number;
  /** Of the password that the tests have for it; undefined once that may have changed, or was tried wrongly. */
  patchedNoteId: number | undefined;
  candidateId: number;
  /** Somebody for admins to change. */
  otherUserId: number;
  /** Somebody with an authenticator app. */
  enrolled: Enrolled;
  /** Has a passkey of the admin. */
  authenticator: SoftwareAuthenticator;
  passkeyId: number;
}

/** A request that the service accepts as it stands, to be spoilt in one place. */
export interface GoodRequest {
  path: Record<string, string>;
  body: Record<string, unknown>;
  /** Undefined for a public route, and for one that takes cookies. */
  token: string | undefined;
  headers: Record<string, string>;
}

export interface Spoilt {
  method: string;
  target: string;
  headers: Record<string, string>;
  body?: string | Buffer;
}

type Preparation = (stage: Stage, lane: Lane) => Promise<Partial<GoodRequest>> | Partial<GoodRequest>;

const ownNote: Preparation = (_, { noteId }) => ({ path: { note_id: String(noteId) } });
const otherUser: Preparation = (_, { otherUserId }) => ({ path: { id: String(otherUserId) } });
const ownCandidate: Preparation = (_, { candidateId }) => ({ path: { id: String(candidateId) } });
const browserOf: Preparation = async ({ server }, { admin }) => {
  const page = new WebClient(server.url, server.config.publicUrl);
  await page.logIn(admin);
  return { headers: page.headers };
};
const withCode: Preparation = async (stage, { enrolled }) => ({
  token: enrolled.token,
  body: { code: await stage.freeCode(enrolled) },
});
const somebodyNew: Preparation = async (stage) => ({ token: (await stage.spend()).token });

const signedLogin: Preparation = async ({ server }, { authenticator }) => {
  const { body: options } = await server.api.post('/auth/passkeys/login/options', {});
  return {
    body: { credential: authenticator.get(options) },
    headers: new WebClient(server.url, server.config.publicUrl).headers,
  };
};

/** What a good request needs beyond the examples of the API's description. Routes without such needs are not here. */
const PREPARATIONS: Record<string, Preparation> = {
  'POST /users/register': (stage) => ({ body: { email: `hostile-${stage.count()}@example.com` } }),
  'POST /users/login': (_, { admin }) => ({ body: { email: admin.email, password: admin.password } }),
  'POST /auth/web/login': ({ server }, { admin }) => ({
    body: { email: admin.email, password: admin.password },
    headers: new WebClient(server.url, server.config.publicUrl).headers,
  }),
  'POST /auth/mfa/complete': async (stage, { enrolled }) => ({
    body: {
      mfa_token: await passPassword(stage.server.api, enrolled),
      code: await stage.freeCode(enrolled),
    },
  }),
  'POST /auth/web/mfa': async (stage, { enrolled }) => {
    const page = new WebClient(stage.server.url, stage.server.config.publicUrl);
    const { body } = await page.logIn(enrolled);
    return {
      body: { mfa_token: body.mfa_token, code: await stage.freeCode(enrolled) },
      headers: page.headers,
    };
  },
  'POST /auth/mfa/totp/confirm': async (stage) => {
    const { token } = await stage.spend();
    const { body } = await stage.server.as({ token }).post('/auth/mfa/totp/setup');
    return { token, body: { code: new Authenticator(body.secret, stage.clock).code() } };
  },
  'POST /auth/mfa/backup-codes/regenerate': withCode,
  'POST /auth/step-up': withCode,
  'POST /auth/mfa/disable': async (stage) => {
    const { token, app } = await enrol(stage.server.api, stage.clock, await stage.spend());
    // The code of now has confirmed it.
    return { token, body: { code: app.code(1) } };
  },
  'POST /auth/password-reset/confirm': async (stage) => {
    const { email } = await stage.spend();
    return { body: { email, code: await stage.resetCode(email) } };
  },
  'POST /auth/email/verify': async (stage) => {
    const actor = await stage.spend();
    return { token: actor.token, body: { code: await stage.codeOf('verify_email', actor) } };
  },
  'POST /auth/email/confirm-change': async (stage) => {
    const actor = await stage.spend();
    const email = `moved-${stage.count()}@example.com`;
    await stage.server.as(actor).patch('/users', { email });
    return { token: actor.token, body: { code: await stage.codeOf('change_email', { ...actor, email }) } };
  },
  'POST /auth/email/revert': async (stage) => ({ body: { token: await stage.makeWayBack() } }),
  'POST /auth/not-me': async (stage) => ({ body: { token: await stage.makeNotMeLink() } }),
  'POST /auth/oauth/exchange': async ({ server }) => ({ body: await vouchedCode(server, 'login') }),
  'POST /auth/web/exchange': async ({ server }) => ({
    body: await vouchedCode(server, 'login'),
    headers: new WebClient(server.url, server.config.publicUrl).headers,
  }),
  'POST /auth/identities': async (stage) => ({
    token: (await stage.spend()).token,
    body: await vouchedCode(stage.server, 'link'),
  }),
  'DELETE /auth/identities/{id}': async (stage) => {
    const { token } = await stage.spend();
    const add = async () => {
      const code = await vouchedCode(stage.server, 'link');
      return (await stage.server.as({ token }).post('/auth/identities', code)).body.id as number;
    };
    // The crowd has no passwords, and the last way to log in stays.
    await add();
    return { token, path: { id: String(await add()) } };
  },
  'POST /auth/oauth/{provider}/link': () => ({
    path: { provider: 'google' },
    body: { redirect_uri: REDIRECT_URI },
  }),
  'POST /auth/web/refresh': browserOf,
  'POST /auth/web/logout': browserOf,
  'POST /auth/passkeys/register/verify': async (stage) => {
    const { token } = await stage.spend();
    const { body: options } = await stage.server.as({ token }).post('/auth/passkeys/register/options');
    return { token, body: { credential: stage.newAuthenticator().create(options) } };
  },
  'PATCH /auth/passkeys/{id}': (_, { passkeyId }) => ({ path: { id: String(passkeyId) } }),
  'DELETE /auth/passkeys/{id}': async (stage) => {
    const { token } = await stage.spend();
    const client = new PasskeyClient(stage.server.api, stage.newAuthenticator());
    // The crowd has no passwords, and the last way to log in stays.
    await client.register({ token });
    return { token, path: { id: String((await client.register({ token })).body.id) } };
  },
  'POST /auth/passkeys/login/verify': signedLogin,
  'POST /auth/web/passkeys/login/options': ({ server }) => ({
    headers: new WebClient(server.url, server.config.publicUrl).headers,
  }),
  'POST /auth/web/passkeys/login/verify': signedLogin,
  'POST /users/logout': somebodyNew,
  'DELETE /users': somebodyNew,
  'POST /auth/refresh': async ({ server }, { admin: { email, password } }) => ({
    body: { refresh_token: (await server.api.post('/users/login', { email, password })).body.refresh_token },
  }),
  'POST /auth/logout-all': somebodyNew,
  'DELETE /auth/sessions/{id}': async (stage) => {
    const { token } = await stage.spend();
    const [session] = (await stage.server.as({ token }).get('/auth/sessions')).body.items;
    return { token, path: { id: session.id } };
  },
  'POST /users/change-password': (_, { admin }) => ({ body: { current_password: admin.password } }),
  'DELETE /admin/invitations/{id}': async (stage, { admin }) => ({
    path: { id: String(await stage.invite(admin)) },
  }),
  'GET /admin/users/{id}': otherUser,
  'PATCH /admin/users/{id}': otherUser,
  'POST /admin/users/{id}/logout-all': otherUser,
  'POST /admin/users/{id}/unlock': otherUser,
  'POST /admin/users/{id}/mfa-reset': otherUser,
  'POST /users/notes': () => ({ body: { personal_encryption: true, password: NOTE_PASSWORD } }),
  'GET /users/notes/{note_id}': ownNote,
  'PATCH /users/notes/{note_id}': async (stage, lane) => ({
    path: { note_id: String((lane.patchedNoteId ??= await stage.writeNote(lane.admin, NOTE_PASSWORD))) },
    body: { title: 'Another title', content: 'Another content', password: NOTE_PASSWORD },
  }),
  'DELETE /users/notes/{note_id}': async (stage, { admin }) => ({
    path: { note_id: String(await stage.writeNote(admin)) },
  }),
  'POST /users/notes/{note_id}/open': (_, { personalNoteId }) => ({
    path: { note_id: String(personalNoteId) },
    body: { password: NOTE_PASSWORD },
  }),
  'POST /admin/candidate': (stage) => ({ body: { name: `Candidate ${stage.count()}` } }),
  'GET /admin/candidate/{id}': ownCandidate,
  'PATCH /admin/candidate/{id}': ownCandidate,
  'DELETE /admin/candidate/{id}': async (stage, { admin }) => ({
    path: { id: String(await stage.addCandidate(admin, `Candidate ${stage.count()}`)) },
  }),
  'POST /users/vote': async (stage, { candidateId }) => ({
    body: { candidate_id: candidateId },
    token: (await stage.spend()).token,
  }),
};

/** A running service with everything that its routes can be about, and good requests to every one of them. */
export class Stage {
  readonly raw: RawClient;
  private counter = 0;
  private fresh: Promise<Actor[]> = Promise.resolve([]);
  private exporting: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly server: TestServer,
    readonly operations: Operation[],
    private readonly lanes: Lane[],
  ) {
    this.raw = new RawClient(server.url);
  }

  static async build(): Promise<Stage> {
    makeKeyStretchingCheap();
    makePasswordEstimatesCheap();
    const { startTestServer } = await import('../../support/test-server.js');
    const server = await startTestServer({
      env: {
        // It is asked nothing until somebody comes back from it.
        OAUTH_GOOGLE_CLIENT_ID: 'mc101',
        OAUTH_GOOGLE_CLIENT_SECRET: 'of the hostile tests',
        OAUTH_ALLOWED_REDIRECT_URIS: REDIRECT_URI,
      },
    });
    for (const table of ['users', 'notes', 'candidates', 'invitations', 'passkeys', 'identities'])
      await server.sql.query(`ALTER TABLE ${table} ALTER COLUMN id RESTART WITH ${FIRST_ID}`);
    const document = (await server.api.get('/mc101docs-json')).body as OpenApiDocument;
    const lanes: Lane[] = [];
    const stage = new Stage(server, operationsOf(document), lanes);
    for (let number = 0; number < LANES; number++) lanes.push(await stage.furnish());
    return stage;
  }

  count(): number {
    return (this.counter += 1);
  }

  /** Somebody with a session who has done nothing yet. */
  async spend(): Promise<Actor> {
    const taken = (await this.fresh).pop();
    if (taken) return taken;
    this.fresh = this.fresh.then((left) => (left.length > 0 ? left : this.server.signUpCrowd(SPENT_A_BATCH)));
    return this.spend();
  }

  get clock(): Clock {
    return this.server.app.get(Clock);
  }

  /** A code of an app that counts, whatever was shown before. */
  async freeCode({ id, app }: Enrolled): Promise<string> {
    await this.server.sql.query('UPDATE mfa_totp SET last_step = 0 WHERE user_id = $1', [id]);
    return app.code();
  }

  newAuthenticator(): SoftwareAuthenticator {
    return new SoftwareAuthenticator(this.server.config.publicUrl);
  }

  /** A code that is not mailed, and can be used. */
  codeOf(purpose: 'verify_email' | 'change_email', { id, email }: Actor): Promise<string> {
    return this.server.app.get(DataSource).transaction(async (manager) => {
      const account = { id, emailNormalized: email };
      return (await this.server.app.get(OneTimeCodesService).issue(manager, purpose, account)).code;
    });
  }

  async resetCode(email: string): Promise<string> {
    const codeFor = await this.server.app.get(ResetSubjects).codeFor(email);
    return this.server.app.get(DataSource).transaction(async (manager) => {
      const asked = { lifetimeSeconds: 600, mayReplace: true };
      return (await this.server.app.get(OneTimeCodesService).issueForAddress(manager, codeFor, asked)).code;
    });
  }

  /** Moves somebody to another address. @returns what the link back carries */
  async makeWayBack(): Promise<string> {
    const actor = await this.spend();
    const { token, hash: tokenHash } = this.server.app.get(RevertTokens).draw();
    const email = `former-${this.count()}@example.com`;
    await this.server.app.get(DataSource).transaction((manager) =>
      this.server.app.get(EmailRevertsRepository).add(manager, {
        tokenHash,
        userId: actor.id,
        sessionId: randomUUID(),
        email,
        emailNormalized: email,
      }),
    );
    return token;
  }

  async writeNote(owner: Actor, password?: string): Promise<number> {
    const note = { title: 'A title', content: 'A content' };
    const mode = password === undefined ? {} : { personal_encryption: true, password };
    return (await this.server.as(owner).post('/users/notes', { ...note, ...mode })).body.id;
  }

  async addCandidate(admin: Actor, name: string): Promise<number> {
    return (await this.server.as(admin).post('/admin/candidate', { name })).body.id;
  }

  async invite(admin: Actor): Promise<number> {
    return (await this.server.as(admin).post('/admin/invitations', {})).body.id;
  }

  /** @returns what the link carries of a letter to somebody who has done nothing yet */
  async makeNotMeLink(): Promise<string> {
    const links = this.server.app.get(NotMeLinks);
    const { id: userId, email: emailNormalized } = await this.spend();
    const { token, hash } = links.draw();
    const login = { userId, emailNormalized, sessionId: randomUUID(), deviceId: randomUUID() };
    await this.server.app.get(DataSource).transaction((manager) => links.keep(manager, login, hash));
    return token;
  }

  async goodRequest(operation: Operation, lane: number): Promise<GoodRequest> {
    const furniture = this.lanes[lane]!;
    const needs = (await PREPARATIONS[operation.key]?.(this, furniture)) ?? {};
    return {
      path: needs.path ?? {},
      body: { ...operation.sampleBody, ...needs.body },
      token:
        operation.isPublic || operation.takesCookies ? undefined : (needs.token ?? furniture.admin.token),
      headers: needs.headers ?? {},
    };
  }

  /** A good request as it goes over the wire; `spoilt` stands in place of a part of it. */
  async send(operation: Operation, good: GoodRequest, spoilt: Partial<Spoilt> = {}): Promise<RawAnswer> {
    if (operation.key !== 'GET /users/export') return this.sendNow(operation, good, spoilt);
    // Of more than a few at once the service refuses the others, whatever is in them.
    const answer = this.exporting.then(() => this.sendNow(operation, good, spoilt));
    this.exporting = answer.catch(() => undefined);
    return answer;
  }

  private sendNow(operation: Operation, good: GoodRequest, spoilt: Partial<Spoilt>): Promise<RawAnswer> {
    const hasBody = operation.bodyFields !== undefined;
    const body = 'body' in spoilt ? spoilt.body : hasBody ? JSON.stringify(good.body) : undefined;
    return this.raw.send({
      method: operation.method,
      target: spoilt.target ?? fillPath(operation.path, good.path),
      headers: {
        ...(good.token === undefined ? {} : { authorization: `Bearer ${good.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...good.headers,
        ...spoilt.headers,
      },
      body,
    });
  }

  /** Undoes what a request that was sent may have done to the lane's own things. */
  async tidy(operation: Operation, lane: number, status: number, sent?: Spoilt['body']): Promise<void> {
    // Of a note no password is tried before the request is found to be in order.
    if (operation.key === 'PATCH /users/notes/{note_id}' && ![400, 422].includes(status)) {
      if (status >= 300 || !keepsPassword(sent)) this.lanes[lane]!.patchedNoteId = undefined;
    }
    const { admin, passwordHash, personalNoteId, candidateId } = this.lanes[lane]!;
    // Also after a refusal: wrong passwords are counted.
    if (operation.key === 'POST /users/notes/{note_id}/open')
      await this.server.sql.query('DELETE FROM note_password_attempts WHERE note_id = $1', [personalNoteId]);
    if (status >= 300) return;
    if (operation.key === 'POST /users/change-password')
      await this.server.sql.query('UPDATE users SET password_hash = $2 WHERE id = $1', [
        admin.id,
        passwordHash,
      ]);
    if (operation.key === 'PATCH /admin/candidate/{id}')
      await this.server.sql.query('UPDATE candidates SET withdrawn_at = NULL WHERE id = $1', [candidateId]);
  }

  async close(): Promise<void> {
    this.raw.close();
    await this.server.close();
  }

  private async furnish(): Promise<Lane> {
    const admin = await this.server.signUpAdmin();
    const { rows } = await this.server.sql.query<{ password_hash: string }>(
      'SELECT password_hash FROM users WHERE id = $1',
      [admin.id],
    );
    const enrolled = await enrol(this.server.api, this.clock, await this.server.signUp());
    // Of all their logins in these tests only the newest hundred stay: these sessions are to be among them.
    await this.server.sql.query(
      `UPDATE sessions SET created_at = now() + interval '1 day' WHERE user_id = ANY ($1)`,
      [[admin.id, enrolled.id]],
    );
    const authenticator = this.newAuthenticator();
    const passkey = await new PasskeyClient(this.server.api, authenticator).register(admin);
    return {
      authenticator,
      passkeyId: passkey.body.id,
      admin,
      passwordHash: rows[0]!.password_hash,
      noteId: await this.writeNote(admin),
      personalNoteId: await this.writeNote(admin, NOTE_PASSWORD),
      patchedNoteId: undefined,
      candidateId: await this.addCandidate(admin, `Standing ${admin.id}`),
      otherUserId: (await this.spend()).id,
      enrolled,
    };
  }
}

/** Whether an accepted change of a note has left its mode and its password as they were. */
function keepsPassword(sent: Spoilt['body']): boolean {
  if (typeof sent !== 'string') return false;
  const body = JSON.parse(sent) as Record<string, unknown>;
  const changesMode = ['personal_encryption', 'new_password'].some((name) => Object.hasOwn(body, name));
  return body['password'] === NOTE_PASSWORD && !changesMode;
}

export function fillPath(path: string, values: Record<string, string>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '1');
}
