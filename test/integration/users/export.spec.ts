import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { derivePasswordKey } from '../../../src/crypto/derive-password-key.js';
import { openContent } from '../../../src/crypto/note-format/open-content.js';
import { AccountExport } from '../../../src/users/export/account-export.js';
import { Clock } from '../../../src/common/clock.js';
import type { Actor } from '../../support/api-client.js';
import { moveTo, verifyEmail } from '../../support/mailed-codes.js';
import { enrol } from '../../support/authenticator.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const NOTE_PASSWORD = 'correct horse battery staple';

/** What each table that names people gives to an export, or why it gives nothing. A new table needs a line here. */
const TABLES: Record<string, { section: string } | { nothingBecause: string }> = {
  users: { section: 'account' },
  sessions: { section: 'sessions' },
  refresh_tokens: { nothingBecause: 'hashes of tokens; their session is told' },
  known_devices: { section: 'known_devices' },
  not_me_links: { nothingBecause: 'hashes of tokens; their session is told' },
  mfa_totp: { section: 'second_factors' },
  mfa_backup_codes: { section: 'second_factors' },
  mfa_tokens: { nothingBecause: 'hashes of tokens of logins that wait for five minutes' },
  passkeys: { section: 'passkeys' },
  passkey_challenges: { nothingBecause: 'random, and gone after minutes' },
  identities: { section: 'identities' },
  oauth_codes: { nothingBecause: 'hashes of codes on their way, for minutes' },
  notes: { section: 'notes' },
  user_keys: { nothingBecause: 'the wrapped key of the notes, which are opened' },
  note_password_attempts: { nothingBecause: 'counts tries for a quarter of an hour' },
  participations: { section: 'participations' },
  voter_keys: { nothingBecause: 'a keyed hash of the address, which the account tells' },
  invitations: { section: 'invitations' },
  one_time_codes: { nothingBecause: 'codes, for minutes' },
  email_reverts: { section: 'former_addresses' },
  audit_events: { section: 'security_events' },
  audit_addresses: { section: 'security_events' },
  account_deletions: { nothingBecause: 'only ids of accounts that are gone' },
};

let server: TestServer;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUpAdmin();
  bob = await server.signUpAdmin();
  await live(alice, 'of-alice');
  await live(bob, 'of-bob');
});
afterAll(() => server.close());
afterEach(() => {
  jest.restoreAllMocks();
});

/** Leaves something in every table, all of it marked. */
async function live(actor: Actor, mark: string): Promise<void> {
  const api = server.as(actor);
  await api.patch('/users', { name: `Name ${mark}`, username: `name-${mark}` });
  expect((await verifyEmail(server, actor)).status).toBe(200);
  const moved = `moved-${mark}@example.com`;
  expect((await moveTo(server, actor, moved)).status).toBe(200);
  actor.email = moved;
  const note = { title: `Title ${mark}`, content: `Content ${mark}`, tags: [`tag-${mark}`] };
  expect((await api.post('/users/notes', note)).status).toBe(201);
  const personal = { ...note, personal_encryption: true, password: NOTE_PASSWORD };
  expect((await api.post('/users/notes', personal)).status).toBe(201);
  const candidate = await api.post('/admin/candidate', { name: `Candidate ${mark}` });
  expect((await api.post('/users/vote', { candidate_id: candidate.body.id })).status).toBe(201);
  const invited = await api.post('/admin/invitations', { email: `guest-${mark}@example.com` });
  expect(invited.status).toBe(201);
  await enrol(server.api, server.app.get(Clock), actor);
  await server.sql.query(
    `INSERT INTO identities (user_id, provider, issuer, subject, email)
     VALUES ($1, 'google', 'https://accounts.google.com', $2, $3)`,
    [actor.id, `subject-${mark}`, `social-${mark}@example.com`],
  );
  const passkeys = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
  expect((await passkeys.register(actor, {}, `Passkey ${mark}`)).status).toBe(201);
  await api.post('/auth/passkeys/register/options');
}

const exportOf = async (actor: Actor) => {
  const answer = await server.as(actor).get('/users/export');
  expect(answer.status).toBe(200);
  return answer;
};

describe('an export', () => {
  it('is a file for its owner alone, told apart from every other answer', async () => {
    const { headers, body } = await exportOf(alice);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="mc101-account-${alice.id}.json"`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.format).toBe('mc101/account-export/v1');
    expect((await server.api.get('/users/export')).status).toBe(401);
  });

  it('holds the account as it is', async () => {
    const { account } = (await exportOf(alice)).body;
    expect(account).toEqual({
      id: alice.id,
      name: 'Name of-alice',
      email: alice.email,
      username: 'name-of-alice',
      role: 'admin',
      is_active: true,
      email_verified_at: expect.any(String),
      pending_email: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
  });

  it('holds every note: readable, or sealed so that its password opens it anywhere', async () => {
    const { notes } = (await exportOf(alice)).body;
    expect(notes).toHaveLength(2);
    const [plain, personal] = notes;
    expect(plain).toMatchObject({
      title: 'Title of-alice',
      content: 'Content of-alice',
      tags: ['tag-of-alice'],
      personal_encryption: false,
    });
    expect(plain).not.toHaveProperty('sealed');
    expect(personal).toMatchObject({ title: 'Title of-alice', personal_encryption: true });
    expect(personal).not.toHaveProperty('content');
    const { sealed } = personal;
    const bytes = (name: string) => Buffer.from(sealed[name] as string, 'base64');
    const kek = await derivePasswordKey(NOTE_PASSWORD, {
      name: sealed.kdf,
      iterations: sealed.kdf_iterations,
      salt: bytes('kdf_salt'),
    });
    const binding = {
      formatVersion: sealed.format,
      mode: 'personal' as const,
      ownerId: sealed.owner_id,
      noteId: personal.id,
      contentRevision: sealed.content_revision,
    };
    const opened = openContent(binding, kek, {
      keyId: sealed.key_id,
      wrappedKey: bytes('wrapped_key'),
      keyCommitment: bytes('key_commitment'),
      sealedContent: bytes('sealed_content'),
    });
    expect(opened).toBe('Content of-alice');
  });

  it('tells in which elections I voted, and neither how nor when', async () => {
    const { participations } = (await exportOf(alice)).body;
    expect(participations).toEqual([{ election_id: expect.any(Number), title: 'Default election' }]);
  });

  it('tells of second factors since when they are in force, and nothing that makes a code', async () => {
    const { second_factors: factors } = (await exportOf(alice)).body;
    expect(factors).toEqual([{ method: 'totp', since: expect.any(String), backup_codes_left: 10 }]);
  });

  it('tells which passkeys there are', async () => {
    const { passkeys } = (await exportOf(alice)).body;
    expect(passkeys).toEqual([
      expect.objectContaining({ name: 'Passkey of-alice', transports: ['internal', 'hybrid'] }),
    ]);
  });

  it('tells of itself', async () => {
    const { security_events: events } = (await exportOf(alice)).body;
    expect(events[0]).toMatchObject({
      event_type: 'sensitive_read',
      by: 'me',
      details: { what: 'account_export' },
    });
  });

  it('holds something from every table that names people', async () => {
    const { rows } = await server.sql.query<{ table: string }>(
      `SELECT DISTINCT table_name AS "table" FROM information_schema.columns
       WHERE table_schema = 'public' AND column_name IN ('voter_key', 'actor_id', 'subject_id', 'user_id', 'email', 'email_hmac', 'address', 'ip')
       UNION
       SELECT conrelid::regclass::text FROM pg_constraint
       WHERE contype = 'f' AND confrelid IN ('users'::regclass, 'sessions'::regclass, 'notes'::regclass)
       UNION SELECT 'users' ORDER BY 1`,
    );
    expect(rows.map(({ table }) => table)).toEqual(Object.keys(TABLES).sort());
    const { body } = await exportOf(alice);
    for (const told of Object.values(TABLES)) {
      if ('section' in told) expect([told.section, body[told.section]?.length ?? 1]).not.toContain(0);
      if ('section' in told) expect(body).toHaveProperty(told.section);
    }
    expect(Object.keys(body).sort()).toEqual(
      [
        ...new Set(Object.values(TABLES).flatMap((told) => ('section' in told ? [told.section] : []))),
        'exported_at',
        'format',
      ].sort(),
    );
  });

  it('holds nothing of anybody else', async () => {
    const text = JSON.stringify((await exportOf(alice)).body);
    expect(text).toContain('of-alice');
    expect(text).not.toContain('of-bob');
    expect(text).not.toContain(bob.email);
    const { rows } = await server.sql.query<{ id: string }>(
      'SELECT id::text FROM sessions WHERE user_id = $1',
      [bob.id],
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { id } of rows) expect(text).not.toContain(id);
  });

  it('holds no hash, no key and no code, in whatever spelling', async () => {
    const text = JSON.stringify((await exportOf(alice)).body);
    const { rows: columns } = await server.sql.query<{ table: string; column: string }>(
      `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
       WHERE table_schema = 'public' AND (data_type = 'bytea' OR column_name IN ('password_hash', 'voter_key'))
         AND table_name NOT IN ('notes')`,
    );
    expect(columns.length).toBeGreaterThan(8);
    let looked = 0;
    for (const { table, column } of columns) {
      const { rows } = await server.sql.query<{ value: Buffer | string }>(
        `SELECT ${column} AS value FROM ${table} WHERE ${column} IS NOT NULL`,
      );
      for (const { value } of rows) {
        const spellings =
          typeof value === 'string'
            ? [value]
            : [value.toString('hex'), value.toString('base64'), value.toString('base64url')];
        for (const spelling of spellings) expect(text).not.toContain(spelling);
        looked += 1;
      }
    }
    expect(looked).toBeGreaterThan(10);
  });

  it('goes on past a note that was damaged, and says which', async () => {
    const carol = await server.signUp();
    const ids: number[] = [];
    for (const title of ['first', 'second', 'third'])
      ids.push((await server.as(carol).post('/users/notes', { title, content: title })).body.id);
    await server.sql.query(
      `UPDATE notes SET sealed_content = set_byte(sealed_content, 20, get_byte(sealed_content, 20) # 1) WHERE id = $1`,
      [ids[1]],
    );
    const { notes } = (await exportOf(carol)).body;
    expect(notes.map((note: { id: number }) => note.id)).toEqual(ids);
    expect(notes[1]).toMatchObject({ title: null, unreadable: true });
    expect(notes[1]).not.toHaveProperty('content');
    expect([notes[0].content, notes[2].content]).toEqual(['first', 'third']);
    await server.sql.query('DELETE FROM user_keys WHERE user_id = $1', [carol.id]);
    const { body } = await exportOf(carol);
    expect(body.notes.map((note: { unreadable: boolean }) => note.unreadable)).toEqual([true, true, true]);
    expect(body.account.id).toBe(carol.id);
  });

  it('needs a login within the last fifteen minutes', async () => {
    const carol = await server.signUp();
    await server.sql.query(
      `UPDATE sessions SET authenticated_at = now() - interval '15 minutes 1 second' WHERE user_id = $1`,
      [carol.id],
    );
    const answer = await server.as(carol).get('/users/export');
    expect([answer.status, answer.body.error.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
  });

  it('is not made for a HEAD', async () => {
    const before = await server.sql.query(`SELECT FROM audit_events WHERE event_type = 'sensitive_read'`);
    expect((await server.as(alice).request('HEAD', '/users/export')).status).toBe(200);
    const after = await server.sql.query(`SELECT FROM audit_events WHERE event_type = 'sensitive_read'`);
    expect(after.rowCount).toBe(before.rowCount);
  });
});

describe('an export that cannot be read to its end', () => {
  it('breaks off, so that nobody takes a part for the whole, and is logged', async () => {
    const broken = await startTestServer({ database: server.database });
    try {
      broken.app.get(AccountExport).add({
        name: 'broken',
        items: async function* () {
          yield await Promise.resolve('x'.repeat(100_000));
          throw new Error('The disk is on fire.');
        },
      });
      const headers = { authorization: `Bearer ${alice.token}` };
      const response = await fetch(`${broken.url}/users/export`, { headers });
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow();
      expect(broken.log()).toContain('an export broke off');
      expect((await broken.as(alice).get('/users/info')).status).toBe(200);
    } finally {
      await broken.close();
    }
  });

  it('is an error like any other where nothing of it was sent yet', async () => {
    const broken = await startTestServer({ database: server.database });
    try {
      broken.app.get(AccountExport).add({
        name: 'broken',
        items: () => {
          throw new Error('The disk is on fire.');
        },
      });
      const answer = await broken.as(alice).get('/users/export');
      expect([answer.status, answer.body.error?.code]).toEqual([500, 'INTERNAL_ERROR']);
      expect(answer.headers.get('content-disposition')).toBeNull();
      expect(JSON.stringify(answer.body)).not.toContain('fire');
      expect((await broken.as(alice).get('/users/export')).status).toBe(500);
    } finally {
      await broken.close();
    }
  });
});
