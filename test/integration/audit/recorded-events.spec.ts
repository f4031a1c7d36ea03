import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { AuditService } from '../../../src/audit/audit.service.js';
import { AdminAccountsService } from '../../../src/auth/admin-accounts.service.js';
import { commandOrigin } from '../../../src/common/logging/origin.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

interface Recorded {
  event_type: string;
  actor_id: number | null;
  subject_id: number | null;
  details: Record<string, unknown>;
}

let server: TestServer;
let admin: Actor;
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signUpAdmin();
});
afterAll(async () => {
  await server.close();
});

/** What was recorded while something was done, in order. */
async function recordedBy(work: () => Promise<unknown>): Promise<Recorded[]> {
  const last = 'SELECT coalesce(max(id), 0) AS id FROM audit_events';
  const before = (await server.sql.query<{ id: number }>(last)).rows[0]!.id;
  await work();
  const { rows } = await server.sql.query<Recorded>(
    'SELECT event_type, actor_id, subject_id, details FROM audit_events WHERE id > $1 ORDER BY id',
    [before],
  );
  return rows;
}

/** Security lines of the log, as objects. */
const linesOf = (eventType: string) =>
  server
    .log()
    .split('\n')
    .filter((line) => line.includes(`"event_type":"${eventType}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('of an account', () => {
  it('its registration by itself, its changes, its password, its logout and its end are recorded', async () => {
    let person!: Actor;
    expect(await recordedBy(async () => (person = await server.signUp()))).toEqual([
      expect.objectContaining({ event_type: 'user_created', actor_id: person.id, subject_id: person.id }),
      expect.objectContaining({ event_type: 'authn_login_success', actor_id: person.id }),
      expect.objectContaining({
        event_type: 'authn_new_device',
        actor_id: person.id,
        details: { first: true },
      }),
    ]);
    const own = { actor_id: person.id, subject_id: person.id };
    const api = server.as(person);
    expect(await recordedBy(() => api.patch('/users', { name: 'Another' }))).toEqual([
      { event_type: 'user_updated', ...own, details: { fields: 'name' } },
    ]);
    expect(await recordedBy(() => api.patch('/users', {}))).toEqual([]);
    const change = (current_password: string) =>
      api.post('/users/change-password', { current_password, new_password: 'seven lanterns over a harbour' });
    expect(await recordedBy(() => change('not the password of anybody'))).toEqual([
      { event_type: 'authn_password_change_fail', ...own, details: { reason: 'wrong_password' } },
    ]);
    expect(await recordedBy(() => change(person.password))).toEqual([
      { event_type: 'authn_password_change', ...own, details: {} },
    ]);
    expect(await recordedBy(() => api.post('/users/logout'))).toEqual([
      { event_type: 'authn_token_revoked', ...own, details: { reason: 'logout', sessions: 1 } },
    ]);
    person.token = await server.logIn({ ...person, password: 'seven lanterns over a harbour' });
    expect(await recordedBy(() => server.as(person).delete('/users'))).toEqual([
      { event_type: 'user_deleted', ...own, details: {} },
    ]);
  });

  it('what an admin does to it is recorded with who did it, and what changed nothing is not', async () => {
    const person = await server.signUp();
    const by = { actor_id: admin.id, subject_id: person.id };
    const patch = (changes: object) => () => server.as(admin).patch(`/admin/users/${person.id}`, changes);
    expect(await recordedBy(patch({ role: 'admin' }))).toEqual([
      { event_type: 'privilege_permissions_changed', ...by, details: { from: 'user', role: 'admin' } },
    ]);
    expect(await recordedBy(patch({ role: 'admin', is_active: true }))).toEqual([]);
    expect(await recordedBy(patch({ is_active: false }))).toEqual([
      { event_type: 'authn_token_revoked', ...by, details: { reason: 'admin', sessions: 1 } },
      { event_type: 'user_disabled', ...by, details: {} },
    ]);
    expect(await recordedBy(patch({ is_active: true }))).toEqual([
      { event_type: 'user_enabled', ...by, details: {} },
    ]);
    expect(await recordedBy(() => server.as(admin).post(`/admin/users/${person.id}/logout-all`))).toEqual([
      { event_type: 'authn_token_revoked', ...by, details: { sessions: 0, reason: 'admin' } },
    ]);
  });

  it('what an operator does at the command line is recorded as such', async () => {
    const accounts = server.app.get(AdminAccountsService);
    const events = await recordedBy(() =>
      commandOrigin.run('cli', async () => {
        await accounts.create('operator@example.com');
        await accounts.reset('operator@example.com');
      }),
    );
    expect(events.map(({ event_type }) => event_type)).toEqual([
      'user_created',
      'privilege_permissions_changed',
      'authn_password_change',
    ]);
    for (const { actor_id, details } of events) {
      expect(actor_id).toBeNull();
      expect(details).toMatchObject({ origin: 'cli' });
    }
  });
});

describe('of candidates and votes', () => {
  it('candidates are recorded, and of a vote there is nothing', async () => {
    let id = 0;
    const api = server.as(admin);
    expect(
      await recordedBy(
        async () => (id = (await api.post('/admin/candidate', { name: 'Grace' })).body.id as number),
      ),
    ).toEqual([
      {
        event_type: 'candidate_created',
        actor_id: admin.id,
        subject_id: null,
        details: { candidate: id, election: expect.any(Number) },
      },
    ]);
    const voter = await server.signUp();
    expect(
      await recordedBy(async () => {
        expect((await server.as(voter).post('/users/vote', { candidate_id: id })).status).toBe(201);
      }),
    ).toEqual([]);
    const types = async (work: () => Promise<unknown>) =>
      (await recordedBy(work)).map(({ event_type }) => event_type);
    expect(
      await types(() => api.patch(`/admin/candidate/${id}`, { party: 'Navy', withdrawn: true })),
    ).toEqual(['candidate_updated', 'candidate_withdrawn']);
    expect(await types(() => api.patch(`/admin/candidate/${id}`, { withdrawn: false }))).toEqual([
      'candidate_reinstated',
    ]);
    expect(await types(() => api.delete(`/admin/candidate/${id}`))).toEqual([]);
    const other = (await api.post('/admin/candidate', { name: 'Ada' })).body.id as number;
    expect(await types(() => api.delete(`/admin/candidate/${other}`))).toEqual(['candidate_deleted']);
    expect(await types(() => api.post('/admin/candidate', { name: 'Grace' }))).toEqual([]);
  });
});

describe('of refusals', () => {
  it('who was not allowed what they asked for is recorded with what it was, before they are answered', async () => {
    const person = await server.signUp();
    const refused = await recordedBy(() => server.as(person).get(`/admin/users/${admin.id}?q=secret`));
    expect(refused).toEqual([
      {
        event_type: 'authz_fail',
        actor_id: person.id,
        subject_id: null,
        details: { code: 'FORBIDDEN', method: 'GET', route: expect.stringContaining('/admin/users/:id') },
      },
    ]);
    await server.sql.query(
      `UPDATE sessions SET authenticated_at = now() - interval '1 hour' WHERE user_id = $1`,
      [person.id],
    );
    expect(await recordedBy(() => server.as(person).delete('/users'))).toMatchObject([
      { event_type: 'authz_fail', details: { code: 'REAUTHENTICATION_REQUIRED' } },
    ]);
    expect(await recordedBy(() => server.api.get('/admin/users'))).toEqual([]);
  });
});

describe('an entry', () => {
  it('comes with its transaction, and its line in the log with the commit', async () => {
    const audit = server.app.get(AuditService);
    const dataSource = server.app.get(DataSource);
    const told = (subject: number) =>
      linesOf('user_enabled').filter(({ subject_id }) => subject_id === subject);
    const events = await recordedBy(async () => {
      await dataSource
        .transaction(async (manager) => {
          await audit.record('user_enabled', { subjectId: 900_001 }, manager);
          throw new Error('undo');
        })
        .catch(() => undefined);
      await dataSource.transaction(async (manager) => {
        await manager.transaction(async (nested) => {
          await audit.record('user_enabled', { subjectId: 900_002 }, nested);
        });
        expect(told(900_002)).toEqual([]);
      });
    });
    expect(events).toEqual([
      {
        event_type: 'user_enabled',
        actor_id: null,
        subject_id: 900_002,
        details: { origin: 'service' },
      },
    ]);
    expect(told(900_001)).toEqual([]);
    expect(told(900_002)).toEqual([
      expect.objectContaining({ level: 'info', logger: 'security', subject_id: 900_002, actor_id: null }),
    ]);
  });

  it('has the request, the session and the address that it came from, the address as a keyed hash too', async () => {
    const person = await server.signUp();
    const answer = await server.as(person).patch('/users', { name: 'Traced' });
    const { rows } = await server.sql.query(
      `SELECT e.request_id, e.session_id IS NOT NULL AS "hasSession", octet_length(e.address_hash) AS bytes, host(a.address) AS address
       FROM audit_events e JOIN audit_addresses a ON a.event_id = e.id ORDER BY e.id DESC LIMIT 1`,
    );
    expect(rows).toEqual([
      { request_id: answer.headers.get('x-request-id'), hasSession: true, bytes: 32, address: '127.0.0.1' },
    ]);
  });

  it('of a hundred changes at once waits for no connection that another one holds', async () => {
    const fresh = await startTestServer({ database: server.database, env: { DB_POOL_SIZE: '2' } });
    try {
      const people = Array.from({ length: 20 }, (_, n) => ({
        name: 'Crowd',
        email: `crowd-${n}@example.com`,
        password: `a curious otter sings in row ${n}`,
      }));
      const answers = await Promise.all(people.map((person) => fresh.api.post('/users/register', person)));
      expect(answers.map(({ status }) => status)).toEqual(people.map(() => 201));
    } finally {
      await fresh.close();
    }
  });
});
