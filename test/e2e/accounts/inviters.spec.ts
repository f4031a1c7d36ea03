import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdminAccountsService } from '../../../src/auth/admin-accounts.service.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
let admin: Actor;
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signUpAdmin();
});
afterAll(() => server.close());

interface Made {
  id: number;
  invitation: string;
}

const invite = async (inviter: Actor): Promise<Made> =>
  (await server.as(inviter).post('/admin/invitations', {})).body as Made;

const change = async ({ id }: Actor, changes: object) => {
  expect((await server.as(admin).patch(`/admin/users/${id}`, changes)).status).toBe(200);
};

const registerWith = async ({ invitation }: Made): Promise<number> => {
  const person = { name: 'Grace', email: `${unique()}@example.com`, password: PASSWORD };
  return (await server.api.post('/users/register', { ...person, invitation })).status;
};

async function revocationsOf(...made: Made[]) {
  const { rows } = await server.sql.query<{ actor_id: number | null; id: number; reason: string }>(
    `SELECT actor_id, (details->>'invitation_id')::bigint AS id, details->>'reason' AS reason FROM audit_events
     WHERE event_type = 'invitation_revoked' AND (details->>'invitation_id')::bigint = ANY ($1) ORDER BY 2, 1`,
    [made.map(({ id }) => id)],
  );
  return rows;
}

/** As it was before such an admin's invitations were revoked, or as one that was just being made then. */
const reopen = ({ id }: Made) =>
  server.sql.query('UPDATE invitations SET revoked_at = NULL WHERE id = $1', [id]);

describe('the invitations of an admin', () => {
  it.each([
    ['is made a user', { role: 'user' }, { role: 'admin' }],
    ['is disabled', { is_active: false }, { is_active: true }],
  ])('who %s are revoked, and stay so when that is undone', async (_, down, up) => {
    const inviter = await server.signUpAdmin();
    const [first, second, used] = [await invite(inviter), await invite(inviter), await invite(inviter)];
    expect(await registerWith(used)).toBe(201);
    const ofAnother = await invite(admin);
    await change(inviter, down);
    const revoked = [first, second].map(({ id }) => ({ actor_id: admin.id, id, reason: 'inviter' }));
    expect(await revocationsOf(first, second, used, ofAnother)).toEqual(revoked);
    await change(inviter, up);
    expect(await registerWith(first)).toBe(403);
    expect(await registerWith(ofAnother)).toBe(201);
    const { body } = await server.as(admin).get('/admin/invitations?state=revoked&limit=100');
    const ids = (body.items as Made[]).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([first.id, second.id]));
    expect(await revocationsOf(first, second, used)).toEqual(revoked);
  });

  it('who deletes their account are revoked, which their going leaves in the audit log', async () => {
    const inviter = await server.signUpAdmin();
    const made = await invite(inviter);
    expect((await server.as(inviter).delete('/users')).status).toBe(204);
    expect(await registerWith(made)).toBe(403);
    expect(await revocationsOf(made)).toEqual([{ actor_id: inviter.id, id: made.id, reason: 'inviter' }]);
  });

  it('who was none for a while do not come back, also those that nobody had revoked', async () => {
    const inviter = await server.signUpAdmin();
    const made = await invite(inviter);
    await change(inviter, { role: 'user' });
    await reopen(made);
    await change(inviter, { role: 'admin' });
    expect(await registerWith(made)).toBe(403);
  });

  it('whom the operator makes an admin again do not come back either', async () => {
    const inviter = await server.signUpAdmin();
    const made = await invite(inviter);
    await change(inviter, { is_active: false });
    await reopen(made);
    await server.app.get(AdminAccountsService).raise(inviter.email, PASSWORD);
    expect(await registerWith(made)).toBe(403);
    expect((await revocationsOf(made)).map(({ actor_id }) => actor_id)).toEqual([admin.id, null]);
  });

  it('who stays an admin stay good, whatever else is changed', async () => {
    const inviter = await server.signUpAdmin();
    const made = await invite(inviter);
    await change(inviter, { role: 'admin', is_active: true });
    await server.app.get(AdminAccountsService).reset(inviter.email, PASSWORD);
    expect(await revocationsOf(made)).toEqual([]);
    expect(await registerWith(made)).toBe(201);
  });

  it('are revoked or used, never both, when it happens at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const inviter = await server.signUpAdmin();
      const made = await invite(inviter);
      const [status] = await Promise.all([registerWith(made), change(inviter, { role: 'user' })]);
      expect([
        [201, 0],
        [403, 1],
      ]).toContainEqual([status, (await revocationsOf(made)).length]);
    }
  });
});
