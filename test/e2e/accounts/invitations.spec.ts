import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../../support/api-client.js';
import { outcome } from '../../support/outcome.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';
const HOUR = 3_600_000;

let server: TestServer;
let admin: Actor;
beforeAll(async () => {
  server = await startTestServer({ env: { REGISTRATION_DOMAINS: 'example.com' } });
  admin = await server.signUpAdmin();
});
afterAll(() => server.close());

const api = () => server.as(admin);
const invite = async (body: object = {}) => (await api().post('/admin/invitations', body)).body;

const register = (body: object): Promise<Answer> =>
  server.api.post('/users/register', {
    name: 'Grace',
    email: `${unique()}@example.com`,
    password: PASSWORD,
    ...body,
  });

describe('an invitation', () => {
  it('is answered once, with a link whose secret is sent to no server', async () => {
    const answer = await api().post('/admin/invitations', {
      email: 'Grace@Example.com',
      expires_in_hours: 48,
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(Number),
      link: `http://localhost:8000/app/register#invitation=${answer.body.invitation}`,
      invitation: expect.stringMatching(/^[\w-]{43}$/),
      email: 'Grace@Example.com',
      role: 'user',
      expires_at: expect.any(String),
    });
    const hours = (Date.parse(answer.body.expires_at) - Date.now()) / HOUR;
    expect(Math.round(hours)).toBe(48);
    const { body } = await api().get('/admin/invitations');
    expect(JSON.stringify(body)).not.toContain(answer.body.invitation);
    expect(body.items[0]).toEqual({
      id: answer.body.id,
      email: 'Grace@Example.com',
      role: 'user',
      state: 'open',
      created_by: admin.id,
      created_at: expect.any(String),
      expires_at: answer.body.expires_at,
      used_at: null,
      used_by: null,
    });
  });

  it('lasts a week unless said otherwise', async () => {
    const { expires_at } = await invite();
    expect(Math.round((Date.parse(expires_at) - Date.now()) / HOUR)).toBe(7 * 24);
  });

  it('for an address is for that address alone, in whatever spelling, and does not verify it', async () => {
    const { invitation } = await invite({ email: 'Zo\u00e9@example.com' });
    expect(outcome(await register({ invitation }))).toEqual([403, 'INVITATION_INVALID']);
    const answer = await register({ invitation, email: 'zoe\u0301@EXAMPLE.com' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ email_verified: false, role: 'user' });
  });

  it('for an admin makes one, and needs an address', async () => {
    const without = await api().post('/admin/invitations', { role: 'admin' });
    expect(without.status).toBe(422);
    expect(without.body.error.details.fields).toEqual([
      { field: 'email', problems: ['is needed to invite an admin'] },
    ]);
    const email = `${unique()}@example.com`;
    const { invitation } = await invite({ email, role: 'admin' });
    expect((await register({ invitation, email })).body.role).toBe('admin');
    const token = await server.logIn({ email, password: PASSWORD });
    expect((await server.as({ token }).get('/admin/invitations')).status).toBe(200);
  });

  it('that is unknown, used, revoked, expired, for another, or of somebody who is no admin any more gets one answer', async () => {
    const other = await server.signUpAdmin();
    const ofFormerAdmin = (await server.as(other).post('/admin/invitations', {})).body;
    await api().patch(`/admin/users/${other.id}`, { role: 'user' });
    const [used, revoked, expired, bound] = [
      await invite(),
      await invite(),
      await invite(),
      await invite({ email: 'x@example.com' }),
    ];
    expect((await register({ invitation: used.invitation })).status).toBe(201);
    expect((await api().delete(`/admin/invitations/${revoked.id}`)).status).toBe(204);
    await server.sql.query('UPDATE invitations SET expires_at = now() WHERE id = $1', [expired.id]);
    const tokens = [used, revoked, expired, bound, ofFormerAdmin].map(({ invitation }) => invitation);
    const answers = await Promise.all(
      [...tokens, 'x', 'A'.repeat(43)].map((invitation) => register({ invitation })),
    );
    for (const { status, body } of answers) {
      expect(status).toBe(403);
      expect({ ...body.error, request_id: '' }).toEqual({
        code: 'INVITATION_INVALID',
        message: 'This invitation is not valid, or not for this e-mail address.',
        details: {},
        request_id: '',
      });
    }
  });

  it.each([
    ['a role that there is not', { role: 'owner' }, 'role'],
    ['no time', { expires_in_hours: 0 }, 'expires_in_hours'],
    ['more than thirty days', { expires_in_hours: 721 }, 'expires_in_hours'],
    ['half an hour', { expires_in_hours: 0.5 }, 'expires_in_hours'],
    ['something that is no address', { email: 'nobody' }, 'email'],
    ['null for an address', { email: null }, 'email'],
    ['its own secret', { token_hash: 'x' }, 'token_hash'],
  ])('is refused with %s', async (_, body, field) => {
    const answer = await api().post('/admin/invitations', body);
    expect(answer.status).toBe(422);
    expect(answer.body.error.details.fields).toMatchObject([{ field }]);
  });

  it('for an address that could not register is not made', async () => {
    const answer = await api().post('/admin/invitations', { email: 'grace@mail.example.com' });
    expect(outcome(answer)).toEqual([403, 'EMAIL_DOMAIN_NOT_ALLOWED']);
  });
});

describe('revoking', () => {
  it('is done once or twice alike; a used or unknown invitation cannot be revoked', async () => {
    const [open, used] = [await invite(), await invite()];
    await register({ invitation: used.invitation });
    const revoke = async () => (await api().delete(`/admin/invitations/${open.id}`)).status;
    expect([await revoke(), await revoke()]).toEqual([204, 204]);
    expect(outcome(await api().delete(`/admin/invitations/${used.id}`))).toEqual([409, 'INVITATION_USED']);
    for (const id of ['4000000000', 'x', '-1'])
      expect(outcome(await api().delete(`/admin/invitations/${id}`))).toEqual([404, 'INVITATION_NOT_FOUND']);
  });

  it('is in the audit log, as making and using are', async () => {
    const { id } = await invite();
    await api().delete(`/admin/invitations/${id}`);
    const { rows } = await server.sql.query(
      `SELECT event_type, actor_id FROM audit_events WHERE details->>'invitation_id' = $1 ORDER BY id`,
      [String(id)],
    );
    expect(rows).toEqual([
      { event_type: 'invitation_created', actor_id: admin.id },
      { event_type: 'invitation_revoked', actor_id: admin.id },
    ]);
  });
});

describe('the list of invitations', () => {
  it('comes in pages, newest first, each once', async () => {
    const made = [];
    for (let n = 0; n < 5; n += 1) made.push((await invite()).id as number);
    const seen: number[] = [];
    let cursor = '';
    do {
      const { body } = await api().get(`/admin/invitations?limit=2&cursor=${cursor}`);
      seen.push(...body.items.map(({ id }: { id: number }) => id));
      cursor = body.next_cursor;
    } while (cursor);
    expect(seen.slice(0, 5)).toEqual(made.reverse());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('is filtered by state', async () => {
    const { rows } = await server.sql.query<{ count: number }>(`SELECT count(*) FROM invitations`);
    let total = 0;
    for (const state of ['open', 'used', 'revoked', 'expired']) {
      const { body } = await api().get(`/admin/invitations?limit=100&state=${state}`);
      expect(body.items.length).toBeGreaterThan(0);
      for (const item of body.items) expect(item.state).toBe(state);
      total += (body.items as unknown[]).length;
    }
    expect(total).toBe(rows[0]!.count);
    expect((await api().get('/admin/invitations?state=burnt')).status).toBe(422);
  });
});
