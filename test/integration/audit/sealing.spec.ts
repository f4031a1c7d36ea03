import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { startTestServer } from '../../support/test-server.js';
import { AuditSealer } from '../../../src/audit/seals/audit-sealer.service.js';
import { ChainVerifier } from '../../../src/audit/chain/chain-verifier.service.js';
import { AuditStage } from './audit-stage.js';

let stage: AuditStage;
let clients: pg.Client[];

beforeEach(async () => {
  stage = await AuditStage.open();
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await stage.close();
});

async function connect(): Promise<pg.Client> {
  const client = await stage.connect();
  clients.push(client);
  return client;
}

const INSERT = `INSERT INTO audit_events (event_type) VALUES ('user_updated') RETURNING id`;

async function insert(on: Pick<pg.Client, 'query'>): Promise<number> {
  return (await on.query<{ id: number }>(INSERT)).rows[0]!.id;
}

describe('sealing', () => {
  it('covers what was recorded, once, and the next batch continues the one before', async () => {
    await stage.batches(3, 2);
    expect(await stage.sealer.seal()).toBe(0);
    const seals = await stage.seals();
    expect(seals.map(({ number, entry_count }) => [number, entry_count])).toEqual([
      [1, 3],
      [2, 2],
    ]);
    expect(await stage.verify()).toMatchObject({
      isIntact: true,
      seals: 2,
      entries: 5,
      unsealed: 0,
      keyIds: ['k1'],
      head: { number: 2, head: seals[1]!.head.toString('hex') },
    });
  });

  it('goes on in batches where there is much', async () => {
    await stage.sql.query(
      `INSERT INTO audit_events (event_type) SELECT 'user_updated' FROM generate_series(1, 2500)`,
    );
    expect(await stage.sealer.seal()).toBe(2500);
    expect((await stage.seals()).map(({ entry_count }) => entry_count)).toEqual([1000, 1000, 500]);
    expect(await stage.verify()).toMatchObject({ isIntact: true, entries: 2500 });
  });

  it('waits with what a transaction that goes on might still overtake, and with nothing else', async () => {
    await stage.record(1);
    const slow = await connect();
    await slow.query('BEGIN');
    const early = await insert(slow);
    await stage.record(2);
    expect(await stage.sealer.seal()).toBe(1);
    await slow.query('COMMIT');
    expect(await stage.sealer.seal()).toBe(3);
    expect(await stage.idsOf(2)).toEqual([early, early + 1, early + 2]);
    expect(await stage.verify()).toMatchObject({ isIntact: true, entries: 4, unsealed: 0 });
  });

  it('waits for nobody who only reads, however long', async () => {
    const reader = await connect();
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.query('SELECT count(*) FROM audit_events');
    await stage.record(2);
    expect(await stage.sealer.seal()).toBe(2);
  });

  it('puts an entry whose id was drawn earlier and that comes later into a later batch', async () => {
    await stage.batches(1);
    const [first, second] = [await connect(), await connect()];
    await first.query('BEGIN');
    await first.query('SELECT pg_current_xact_id()');
    await second.query('BEGIN');
    const lower = await insert(second);
    const higher = await insert(first);
    expect(higher).toBeGreaterThan(lower);
    await first.query('COMMIT');
    expect(await stage.sealer.seal()).toBe(1);
    expect(await stage.idsOf(2)).toEqual([higher]);
    await stage.batches(1);
    await second.query('COMMIT');
    expect(await stage.sealer.seal()).toBe(2);
    expect(await stage.idsOf(3)).toContain(lower);
    expect(await stage.verify()).toMatchObject({ isIntact: true, entries: 4, unsealed: 0 });
  });

  it('leaves out what was rolled back, and ids without an entry', async () => {
    const client = await connect();
    await client.query('BEGIN');
    await insert(client);
    await client.query('ROLLBACK');
    await stage.batches(1);
    expect(await stage.verify()).toMatchObject({ isIntact: true, entries: 1 });
  });

  it('takes entries that came from another cluster, whatever their transaction numbers', async () => {
    await stage.batches(2);
    await stage.sql.query(
      `INSERT INTO audit_events (event_type, xid)
       SELECT 'user_updated', xid FROM unnest($1::bigint[]) AS foreign_xids (xid)`,
      [[3, 2 ** 40, 2 ** 41]],
    );
    await stage.record(1);
    expect(await stage.sealer.seal()).toBe(4);
    expect(await stage.verify()).toMatchObject({ isIntact: true, unsealed: 0 });
  });

  it('of several processes at once makes one chain', async () => {
    const other = await startTestServer({ database: stage.server.database });
    try {
      const sealers = [stage.sealer, other.app.get(AuditSealer)];
      let sealed = 0;
      for (let round = 0; round < 10; round += 1) {
        await stage.record(5);
        const counts = await Promise.all(sealers.map((sealer) => sealer.seal()));
        sealed += counts.reduce((sum, count) => sum + count, 0);
      }
      for (const sealer of sealers) sealed += await sealer.seal();
      expect(sealed).toBe(50);
      expect(await stage.verify()).toMatchObject({ isIntact: true, entries: 50, unsealed: 0 });
    } finally {
      await other.close();
    }
  });

  it('that is killed in the middle has sealed nothing, and the next one does it', async () => {
    await stage.batches(1);
    await stage.record(3);
    const killed = await connect();
    const { rows } = await killed.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await killed.query('BEGIN');
    await killed.query('SELECT pg_advisory_xact_lock(4101000010)');
    await killed.query(`INSERT INTO audit_seals VALUES (2, 3, 2, 4, '', '', 'k1', '', now())`);
    await killed.query(`INSERT INTO audit_seal_entries SELECT id, 2, '' FROM audit_events WHERE id > 1`);
    expect(await stage.sealer.seal()).toBe(0);
    killed.on('error', () => undefined);
    await stage.sql.query('SELECT pg_terminate_backend($1, 10000)', [rows[0]!.pid]);
    expect(await stage.sealer.seal()).toBe(3);
    expect(await stage.verify()).toMatchObject({ isIntact: true, seals: 2, entries: 4 });
  });

  it('is not stopped by an entry that no program of ours would write', async () => {
    await stage.sql.query(
      `INSERT INTO audit_events (event_type, actor_id, details)
       VALUES ('odd', 9007199254740993, '{"share": 1.50, "deep": [[["\\ud83d\\ude00"]]], "long": 12345678901234567890}')`,
    );
    expect(await stage.sealer.seal()).toBe(1);
    expect(await stage.verify()).toMatchObject({ isIntact: true, entries: 1 });
  });

  it('tells each head in the log, to be kept elsewhere', async () => {
    await stage.batches(2);
    const [seal] = await stage.seals();
    const line = stage.server
      .log()
      .split('\n')
      .find((text) => text.includes('"audit_sealed"'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      level: 'info',
      logger: 'security',
      event_type: 'audit_sealed',
      number: 1,
      entries: 2,
      head: seal!.head.toString('hex'),
    });
  });
});

describe('the key that signs', () => {
  const key = (id: string, fill: string) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;

  it('can be replaced while the old one stays in the ring', async () => {
    await stage.batches(2);
    const rotated = await startTestServer({
      database: stage.server.database,
      env: { LOG_SIGNING_KEY: `${key('k2', 'n')},${key('k1', 'l')}` },
    });
    try {
      await stage.record(2);
      await stage.othersToEnd();
      await rotated.app.get(AuditSealer).seal();
      const rows = await stage.sql.query('SELECT key_id FROM audit_seals ORDER BY number');
      expect(rows.rows).toEqual([{ key_id: 'k1' }, { key_id: 'k2' }]);
      expect(await rotated.app.get(ChainVerifier).verify()).toMatchObject({
        isIntact: true,
        keyIds: ['k1', 'k2'],
      });
      expect(await stage.verify()).toMatchObject({ broken: { seal: 2, reason: 'key_unknown' } });
    } finally {
      await rotated.close();
    }
  });
});
