import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { AuditRetention } from '../../../src/audit/retention/audit-retention.service.js';
import { AuditStage } from './audit-stage.js';

let stage: AuditStage;
beforeEach(async () => {
  stage = await AuditStage.open({ AUDIT_RETENTION_DAYS: '100' });
});
afterEach(() => stage.close());

const sweep = () => stage.server.app.get(AuditRetention).sweep();

const count = async (table: string, condition = 'true') =>
  (await stage.sql.query<{ count: number }>(`SELECT count(*) AS count FROM ${table} WHERE ${condition}`))
    .rows[0]!.count;

it('whole batches that are too old go, the last of their seals stays as the anchor, and the log tells of it', async () => {
  for (const days of [130, 120, 110, 90]) await stage.oldBatch(days, 3);
  await stage.batches(2);
  const heads = (await stage.seals()).map(({ head }) => head.toString('hex'));
  await sweep();
  expect((await stage.seals()).map(({ number }) => number)).toEqual([3, 4, 5]);
  expect(await count('audit_events', `event_type <> 'audit_pruned'`)).toBe(5);
  const { rows } = await stage.sql.query<{ details: unknown }>(
    `SELECT details FROM audit_events WHERE event_type = 'audit_pruned'`,
  );
  expect(rows).toEqual([
    { details: { origin: 'service', through: 3, head: heads[2], entries: 9, retention_days: 100 } },
  ]);
  expect(await stage.verify()).toMatchObject({
    isIntact: true,
    anchor: { number: 3, head: heads[2] },
    entries: 6,
  });
});

it('a second sweep finds nothing to do, also at once, and the next one moves the anchor', async () => {
  for (const days of [130, 120, 90]) await stage.oldBatch(days, 2);
  await Promise.all([sweep(), sweep(), sweep()]);
  await sweep();
  expect(await count('audit_events', `event_type = 'audit_pruned'`)).toBe(1);
  expect((await stage.seals()).map(({ number }) => number)).toEqual([2, 3]);
  expect(await stage.verify()).toMatchObject({ isIntact: true, anchor: { number: 2 } });
});

it('a log of which everything is too old keeps its last head and goes on from there', async () => {
  await stage.oldBatch(300, 2);
  await stage.oldBatch(200, 2);
  await sweep();
  expect(await stage.verify()).toMatchObject({ isIntact: true, anchor: { number: 2 }, entries: 1 });
  await stage.batches(2);
  expect(await stage.verify()).toMatchObject({ isIntact: true, seals: 3, head: { number: 4 } });
});

it.each([
  ['its signature', `UPDATE audit_seals SET signature = sha256('') WHERE number = 2`, 'seal_altered'],
  ['its head', `UPDATE audit_seals SET head = sha256('') WHERE number = 2`, 'seal_altered'],
  [
    'the record of the deletion',
    `UPDATE audit_events SET details = details || '{"through": 1}' WHERE event_type = 'audit_pruned'`,
    'anchor_missing',
  ],
  ['itself', `DELETE FROM audit_seals WHERE number = 2`, 'anchor_missing'],
])('an anchor without %s is found', async (_, statement, reason) => {
  for (const days of [130, 120, 90]) await stage.oldBatch(days, 2);
  await sweep();
  await stage.sql.query(statement);
  expect(await stage.verify()).toMatchObject({ broken: { reason } });
});

it('addresses go after 30 days; their keyed hash stays', async () => {
  await stage.oldBatch(31, 2);
  await stage.oldBatch(29, 2);
  await sweep();
  expect(await count('audit_addresses', `address = '198.51.100.7'`)).toBe(2);
  expect(await count('audit_events', `event_type = 'user_updated' AND address_hash IS NULL`)).toBe(0);
  expect(await stage.verify()).toMatchObject({ isIntact: true });
});

it('the same address has the same hash, however its proxy spells it, and another one another', async () => {
  const { AuditService } = await import('../../../src/audit/audit.service.js');
  const audit = stage.server.app.get(AuditService);
  const hash = async (address: string) => (await audit.hashOf(address)).toString('hex');
  expect(await hash('2001:DB8:0:0::1')).toBe(await hash('2001:db8::1'));
  expect(await hash('2001:db8::2')).not.toBe(await hash('2001:db8::1'));
  expect(await hash('192.0.2.1')).not.toBe(await hash('192.0.2.2'));
});
