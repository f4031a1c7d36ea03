import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEventType } from '../../../src/audit/audit-event-types.js';
import { AuditService } from '../../../src/audit/audit.service.js';
import { requestContext } from '../../../src/common/logging/request-context.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const ADDRESS_OF_ADMIN = '203.0.113.77';
const REQUEST_OF_ADMIN = 'the-request-of-the-admin';
const SESSION_OF_ADMIN = '11111111-2222-4333-8444-555555555555';

let server: TestServer;
let alice: Actor;
let bob: Actor;
let admin: Actor;
beforeAll(async () => {
  server = await startTestServer();
  [alice, bob, admin] = [await server.signUp(), await server.signUp(), await server.signUpAdmin()];
});
afterAll(() => server.close());

/** Something that the admin does to somebody, as a request of the admin's would record it. */
const adminDoes = (eventType: AuditEventType, to: Actor) =>
  requestContext.run(
    {
      request_id: REQUEST_OF_ADMIN,
      address: ADDRESS_OF_ADMIN,
      userId: admin.id,
      sessionId: SESSION_OF_ADMIN,
    },
    () => server.app.get(AuditService).record(eventType, { subjectId: to.id }),
  );

const eventsOf = async (actor: Actor, query = '') => {
  const answer = await server.as(actor).get(`/users/audit${query}`);
  expect(answer.status).toBe(200);
  return answer.body as { items: Record<string, unknown>[]; next_cursor: string | null };
};

describe('my security events', () => {
  it('tell of my login, from where it was', async () => {
    const { items } = await eventsOf(alice, '?limit=100');
    expect(items.find(({ event_type }) => event_type === 'authn_login_success')).toEqual({
      id: expect.any(Number),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      event_type: 'authn_login_success',
      by: 'me',
      subject_id: null,
      session_id: expect.stringMatching(/^[\da-f-]{36}$/),
      request_id: expect.any(String),
      address: '127.0.0.1',
      details: expect.any(Object),
    });
  });

  it('tell what an admin did to me, and nothing of where the admin sits', async () => {
    await adminDoes('user_disabled', alice);
    const { items } = await eventsOf(alice);
    expect(items[0]).toMatchObject({
      event_type: 'user_disabled',
      by: 'other',
      subject_id: null,
      session_id: null,
      request_id: null,
      address: null,
    });
    for (const secret of [ADDRESS_OF_ADMIN, REQUEST_OF_ADMIN, SESSION_OF_ADMIN, admin.email])
      expect(JSON.stringify(items)).not.toContain(secret);
    const own = await eventsOf(admin);
    expect(own.items[0]).toMatchObject({ by: 'me', subject_id: alice.id, address: ADDRESS_OF_ADMIN });
  });

  it('tell of a try to log in that failed, but not from where others made it', async () => {
    await requestContext.run({ request_id: 'of-a-stranger', address: '198.51.100.9' }, () =>
      server.app.get(AuditService).record('authn_login_fail', { subjectId: alice.id }),
    );
    const { items } = await eventsOf(alice);
    expect(items[0]).toMatchObject({ event_type: 'authn_login_fail', by: 'unknown', address: null });
    expect(JSON.stringify(items)).not.toMatch(/198\.51|of-a-stranger/);
  });

  it('are nobody else’s', async () => {
    await adminDoes('user_enabled', bob);
    const ids = async (actor: Actor) => (await eventsOf(actor, '?limit=100')).items.map(({ id }) => id);
    const [mine, theirs] = [await ids(alice), await ids(bob)];
    expect(mine.length).toBeGreaterThan(0);
    expect(theirs.length).toBeGreaterThan(0);
    expect(mine.filter((id) => theirs.includes(id))).toEqual([]);
    const { rows } = await server.sql.query<{ id: number }>(
      'SELECT id FROM audit_events WHERE actor_id = $1 OR subject_id = $1 ORDER BY id DESC',
      [alice.id],
    );
    expect(mine).toEqual(rows.map(({ id }) => id));
  });

  it('come newest first, in pages, each once, also where I did it to myself', async () => {
    for (let n = 0; n < 5; n += 1) await adminDoes('user_updated', admin);
    const seen: unknown[] = [];
    let cursor: string | null = '';
    do {
      const page = await eventsOf(admin, `?limit=2&cursor=${cursor}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    const { rows } = await server.sql.query<{ id: number }>(
      'SELECT id FROM audit_events WHERE actor_id = $1 OR subject_id = $1 ORDER BY id DESC',
      [admin.id],
    );
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it('refuse a cursor of another list, and need a token', async () => {
    expect((await server.as(alice).get('/users/audit?cursor=x')).status).toBe(422);
    expect((await server.api.get('/users/audit')).status).toBe(401);
  });
});
