import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InvitationSweep } from '../../../src/auth/registration/invitation-sweep.service.js';
import type { Actor } from '../../support/api-client.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
let admin: Actor;
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signUpAdmin();
});
afterAll(() => server.close());

const invite = async (body: object = {}): Promise<{ id: number; invitation: string }> => {
  const answer = await server.as(admin).post('/admin/invitations', body);
  expect(answer.status).toBe(201);
  return answer.body;
};

const registerWith = (invitation: string, email = `${unique()}@example.com`, at = server) =>
  at.api.post('/users/register', { name: 'Grace', email, password: PASSWORD, invitation });

const accounts = async (): Promise<number> =>
  (await server.sql.query<{ count: number }>('SELECT count(*) FROM users')).rows[0]!.count;

describe('one invitation', () => {
  it('makes one account, also when a hundred register with it at once', async () => {
    const { id, invitation } = await invite();
    const before = await accounts();
    const answers = await Promise.all(Array.from({ length: 100 }, () => registerWith(invitation)));
    const codes = answers.map(({ status, body }) => (status === 201 ? 'made' : body.error.code));
    expect(codes.filter((code) => code === 'made')).toHaveLength(1);
    expect(codes.filter((code) => code === 'INVITATION_INVALID')).toHaveLength(99);
    expect(await accounts()).toBe(before + 1);
    const { rows } = await server.sql.query('SELECT used_by FROM invitations WHERE id = $1', [id]);
    expect(rows).toEqual([{ used_by: answers.find(({ status }) => status === 201)!.body.id }]);
    const used = await server.sql.query(
      `SELECT FROM audit_events WHERE event_type = 'invitation_used' AND details = $1`,
      [{ invitation_id: id }],
    );
    expect(used.rowCount).toBe(1);
  });

  it('is either used or revoked, never both, when it happens at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, invitation } = await invite();
      const [registered, revoked] = await Promise.all([
        registerWith(invitation),
        server.as(admin).delete(`/admin/invitations/${id}`),
      ]);
      expect([
        [201, 409],
        [403, 204],
      ]).toContainEqual([registered.status, revoked.status]);
    }
  });

  it('stays good where the registration fails, and leaves nothing of it behind', async () => {
    const { invitation } = await invite();
    const taken = await registerWith(invitation, admin.email);
    expect([taken.status, taken.body.error.code]).toEqual([400, 'USER_EXISTS']);
    const weak = await server.api.post('/users/register', {
      name: 'Grace',
      email: `${unique()}@example.com`,
      password: 'password1',
      invitation,
    });
    expect(weak.body.error.code).toBe('WEAK_PASSWORD');
    expect((await registerWith(invitation)).status).toBe(201);
  });

  it('that was lost to somebody faster leaves no account and no voter behind', async () => {
    const { invitation } = await invite();
    expect((await registerWith(invitation)).status).toBe(201);
    const voters = async () => (await server.sql.query('SELECT FROM voter_keys')).rowCount;
    const before = [await accounts(), await voters()];
    await Promise.all(Array.from({ length: 5 }, () => registerWith(invitation)));
    expect([await accounts(), await voters()]).toEqual(before);
  });
});

describe('what is stored of an invitation', () => {
  it('is not what lets somebody in', async () => {
    const { id, invitation } = await invite();
    const { rows } = await server.sql.query<{ row: string }>(
      'SELECT i::text AS row FROM invitations i WHERE id = $1',
      [id],
    );
    expect(rows[0]!.row).not.toContain(invitation);
    expect(rows[0]!.row).not.toContain(Buffer.from(invitation).toString('hex'));
    expect(rows[0]!.row).not.toContain(Buffer.from(invitation, 'base64url').toString('hex'));
  });

  it('goes on working while TOKEN_PEPPER is rotated, and ends when its key is taken away', async () => {
    const [first, second] = [await invite(), await invite()];
    const newer = `k2:${Buffer.alloc(32, 'n').toString('base64')}`;
    const restarted = (pepper: string) =>
      startTestServer({ database: server.database, env: { TOKEN_PEPPER: pepper } });
    const rotated = await restarted(`${newer},${TEST_SECRETS.TOKEN_PEPPER}`);
    try {
      expect((await registerWith(first.invitation, undefined, rotated)).status).toBe(201);
    } finally {
      await rotated.close();
    }
    const retired = await restarted(newer);
    try {
      expect((await registerWith(second.invitation, undefined, retired)).status).toBe(403);
    } finally {
      await retired.close();
    }
  });

  it('is forgotten thirty days after its end, and not before', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await invite()).id));
    const [open, expired, longExpired, longRevoked, longUsed] = ids;
    const set = (id: number | undefined, change: string) =>
      server.sql.query(`UPDATE invitations SET ${change} WHERE id = $1`, [id]);
    await set(expired, `expires_at = now() - interval '29 days'`);
    await set(longExpired, `expires_at = now() - interval '31 days'`);
    await set(longRevoked, `revoked_at = now() - interval '31 days'`);
    await set(longUsed, `used_at = now() - interval '31 days', used_by = created_by`);
    await server.app.get(InvitationSweep).sweep();
    const { rows } = await server.sql.query<{ id: number }>(
      'SELECT id FROM invitations WHERE id = ANY ($1) ORDER BY id',
      [ids],
    );
    expect(rows.map(({ id }) => id)).toEqual([open, expired].sort((a, b) => a! - b!));
  });

  it('goes with the account that came of it, and with the one that made it', async () => {
    const other = await server.signUpAdmin();
    const made = (await server.as(other).post('/admin/invitations', {})).body;
    const { id, invitation } = await invite({ email: 'gone@example.com' });
    expect((await registerWith(invitation, 'gone@example.com')).status).toBe(201);
    const token = await server.logIn({ email: 'gone@example.com', password: PASSWORD });
    expect((await server.as({ token }).delete('/users')).status).toBe(204);
    expect((await server.as(other).delete('/users')).status).toBe(204);
    const { rowCount } = await server.sql.query('SELECT FROM invitations WHERE id = ANY ($1)', [
      [id, made.id],
    ]);
    expect(rowCount).toBe(0);
  });
});
