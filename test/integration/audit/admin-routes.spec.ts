import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDIT_EVENT_TYPES } from '../../../src/audit/audit-event-types.js';
import { AuditStage } from './audit-stage.js';
import type { Actor } from '../../support/api-client.js';

let stage: AuditStage;
let admin: Actor;
let person: Actor;
beforeAll(async () => {
  stage = await AuditStage.open();
  admin = await stage.server.signUpAdmin();
  person = await stage.server.signUp();
  await stage.oldBatch(40, 3);
  await stage.batches(3);
});
afterAll(async () => {
  await stage.close();
});

const get = (path: string) => stage.server.as(admin).get(path);
const exported = async (query = '') => {
  const answer = await fetch(`${stage.server.url}/admin/audit/export${query}`, {
    headers: { authorization: `Bearer ${admin.token}` },
  });
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  return (await answer.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, any>);
};

describe('GET /admin/audit', () => {
  it('lists what happened, newest first, page by page', async () => {
    const ids: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await get(`/admin/audit?limit=3&cursor=${cursor}`);
      ids.push(...body.items.map(({ id }: { id: number }) => id));
      cursor = body.next_cursor as string | null;
    }
    expect(ids.length).toBeGreaterThan(9);
    expect(ids).toEqual([...ids].sort((one, other) => other - one));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('finds by who did it, to whom, what it was and when', async () => {
    const types = async (query: string) =>
      (await get(`/admin/audit?${query}`)).body.items.map(
        ({ event_type }: { event_type: string }) => event_type,
      );
    expect(await types(`actor=${person.id}`)).toEqual([
      'authn_new_device',
      'authn_login_success',
      'user_created',
    ]);
    expect(await types(`subject=${person.id}&action=user_created`)).toEqual(['user_created']);
    expect(await types(`subject=${person.id}&action=user_deleted`)).toEqual([]);
    const day = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();
    expect(await types(`from=${day(41)}&to=${day(39)}`)).toEqual([
      'user_updated',
      'user_updated',
      'user_updated',
    ]);
    expect(await types(`to=${day(50)}`)).toEqual([]);
  });

  it('shows where it came from and which seal covers it', async () => {
    const { body } = await get(`/admin/audit?actor=${person.id}&action=authn_login_success`);
    expect(body.items).toEqual([
      {
        id: expect.any(Number),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        event_type: 'authn_login_success',
        actor_id: person.id,
        subject_id: person.id,
        session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        request_id: expect.any(String),
        address: '127.0.0.1',
        address_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        details: expect.any(Object),
        seal: 1,
      },
    ]);
  });

  it.each([
    'from=yesterday',
    'from=2026-02-30',
    'from=0000-01-01',
    'to=2026-W01-1',
    'to=%2B010000-01-01T00:00:00Z',
    'from=2026-01-01T25:00:00Z',
    'from=2026-01-01&from=2026-01-02',
    'action=DROP%20TABLE',
    'action=no_such_kind',
    'action=user_created&action=user_deleted',
    'actor=-1',
    'subject=1e3',
  ])('refuses ?%s', async (query) => {
    expect((await get(`/admin/audit?${query}`)).status).toBe(422);
  });
});

describe('the kinds of events', () => {
  it('are each accepted as a filter, and named by the document wherever they stand', async () => {
    for (const action of AUDIT_EVENT_TYPES) {
      const { status, body } = await get(`/admin/audit?limit=100&action=${action}`);
      expect({ action, status }).toEqual({ action, status: 200 });
      for (const item of body.items) expect(item).toMatchObject({ event_type: action });
    }
    const { paths, components } = (await get('/mc101docs-json')).body;
    const { parameters } = paths['/admin/audit'].get;
    const filter = parameters.find(({ name }: { name: string }) => name === 'action');
    expect(filter.schema.enum).toEqual(AUDIT_EVENT_TYPES);
    expect(components.schemas.AuditEventType.enum).toEqual(AUDIT_EVENT_TYPES);
    for (const name of ['AuditEntryResponse', 'OwnEventResponse'])
      expect(JSON.stringify(components.schemas[name].properties.event_type)).toContain(
        '"#/components/schemas/AuditEventType"',
      );
  });

  it('that the log does not know are refused with those that it does', async () => {
    const { status, body } = await get('/admin/audit?action=no_such_kind');
    expect({ status, code: body.error.code }).toEqual({ status: 422, code: 'VALIDATION_ERROR' });
    expect(body.error.details.fields).toEqual([
      { field: 'action', problems: [expect.stringContaining('authn_login_success, ')] },
    ]);
  });
});

describe('GET /admin/audit/verify', () => {
  it('says that the chain is intact and gives the head to note', async () => {
    const { status, body } = await get('/admin/audit/verify');
    expect(status).toBe(200);
    const head = (await stage.seals()).at(-1)!;
    expect(body).toMatchObject({
      is_intact: true,
      broken: null,
      unsealed: 0,
      anchor: null,
      head: { number: head.number, head: head.head.toString('hex') },
      key_ids: ['k1'],
    });
  });

  it('names the first broken batch and why', async () => {
    const [id] = await stage.idsOf(1);
    await stage.sql.query('UPDATE audit_events SET actor_id = actor_id + 1 WHERE id = $1', [id]);
    const { body } = await get('/admin/audit/verify');
    await stage.sql.query('UPDATE audit_events SET actor_id = actor_id - 1 WHERE id = $1', [id]);
    expect(body).toMatchObject({
      is_intact: false,
      broken: { seal: 1, reason: 'entry_changed', entry_id: id, detail: `Entry ${id} was changed.` },
    });
    expect((await get('/admin/audit/verify')).body.is_intact).toBe(true);
  });
});

describe('GET /admin/audit/export', () => {
  it('gives everything away but addresses, each batch before its seal, and tells that it did', async () => {
    const lines = await exported();
    const { rows } = await stage.sql.query<{ id: number }>('SELECT id FROM audit_events ORDER BY id');
    expect(
      lines.flatMap(({ kind, id }) => (kind === 'entry' ? [id] : [])).sort((one, other) => one - other),
    ).toEqual(rows.map(({ id }) => id));
    expect(JSON.stringify(lines)).not.toMatch(/127\.0\.0\.1|198\.51\.100/);
    const seals = lines.flatMap((line, place) => (line['kind'] === 'seal' ? [{ line, place }] : []));
    for (const { line, place } of seals) {
      const before = lines.slice(place - (line['entry_count'] as number), place);
      expect(before.map(({ seal }) => seal)).toEqual(before.map(() => line['number']));
    }
    expect((await get('/admin/audit?action=audit_exported&limit=1')).body.items[0]).toMatchObject({
      actor_id: admin.id,
    });
  });

  it('of a range gives whole batches', async () => {
    const day = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();
    const lines = await exported(`?from=${day(41)}&to=${day(39)}`);
    const { rows } = await stage.sql.query<{ seal: number }>(
      `SELECT DISTINCT seal FROM audit_seal_entries m JOIN audit_events e ON e.id = m.event_id WHERE e.at < now() - interval '39 days'`,
    );
    const numbers = lines.flatMap(({ kind, number }) => (kind === 'seal' ? [number] : []));
    expect(numbers).toEqual(rows.map(({ seal }) => seal));
  });

  it('is enough to compute the chain again by what the README says of it', async () => {
    const field = (bytes: Buffer) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const text = (value: string) => field(Buffer.from(value));
    const number = (value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(BigInt(value));
      return field(bytes);
    };
    const sorted = (value: unknown): unknown =>
      value === null || typeof value !== 'object'
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .sort()
              .map(([name, part]) => [name, sorted(part)]),
          );
    let head = '00'.repeat(32);
    let batch: Buffer[] = [];
    let checked = 0;
    for (const line of await exported()) {
      if (line['kind'] === 'entry') {
        const content = Object.fromEntries(
          Object.entries(line).filter(([name]) => !['kind', 'id', 'seal'].includes(name)),
        );
        const hash = createHash('sha256').update(
          Buffer.concat([text('mc101/audit-entry/v1'), text(JSON.stringify(sorted(content)))]),
        );
        batch.push(number(line['id'] as number), field(hash.digest()));
        continue;
      }
      expect(line['previous_head']).toBe(head);
      head = createHash('sha256')
        .update(
          Buffer.concat([
            text('mc101/audit-seal/v1'),
            number(line['number'] as number),
            field(Buffer.from(head, 'hex')),
            text(line['sealed_at'] as string),
            number(batch.length / 2),
            ...batch,
          ]),
        )
        .digest('hex');
      expect(line['head']).toBe(head);
      batch = [];
      checked += 1;
    }
    expect(checked).toBe((await stage.seals()).length);
  });
});
