import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KnownHead } from '../../../src/audit/chain/chain-verifier.service.js';
import type { Break } from '../../../src/audit/chain/check-batch.js';
import { AuditStage } from './audit-stage.js';

let stage: AuditStage;
/** Heads that somebody keeps elsewhere. */
let noted: KnownHead[] = [];

beforeAll(async () => {
  stage = await AuditStage.open();
  await stage.server.signUp();
  await stage.sealer.seal();
  await stage.batches(3, 3, 3);
});
afterAll(async () => {
  await stage.close();
});

/** What the verification says while the log is tampered with, by somebody who has the owner's role. */
async function whenTampered(
  ...statements: string[]
): Promise<Pick<Break, 'seal' | 'reason' | 'entryId'> | undefined> {
  const tables = ['audit_events', 'audit_addresses', 'audit_seals', 'audit_seal_entries'];
  const client = await stage.connect(stage.server.database.urls.owner);
  try {
    for (const table of tables)
      await client.query(`CREATE TEMP TABLE kept_${table} AS SELECT * FROM ${table}`);
    await client.query('ALTER TABLE audit_seal_entries DROP CONSTRAINT audit_seal_entries_event_id_fkey');
    await client.query('ALTER TABLE audit_seal_entries DROP CONSTRAINT audit_seal_entries_seal_fkey');
    for (const statement of statements) {
      const { rowCount } = await client.query(statement);
      expect({ statement, isEffective: (rowCount ?? 0) > 0 }).toEqual({ statement, isEffective: true });
    }
    const { broken } = await stage.verify(noted);
    return (
      broken && {
        seal: broken.seal,
        reason: broken.reason,
        ...(broken.entryId && { entryId: broken.entryId }),
      }
    );
  } finally {
    await client.query(`TRUNCATE ${tables.join(', ')}`);
    for (const table of tables)
      await client.query(`INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_${table}`);
    await client.query(
      'ALTER TABLE audit_seal_entries ADD CONSTRAINT audit_seal_entries_event_id_fkey FOREIGN KEY (event_id) REFERENCES audit_events (id)',
    );
    await client.query(
      'ALTER TABLE audit_seal_entries ADD CONSTRAINT audit_seal_entries_seal_fkey FOREIGN KEY (seal) REFERENCES audit_seals (number)',
    );
    await client.end();
  }
}

const IN_SEAL_2 = 'id = (SELECT min(event_id) FROM audit_seal_entries WHERE seal = 2)';

async function columnsOf(table: string): Promise<string[]> {
  const { rows } = await stage.sql.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  return rows.map(({ name }) => name).sort();
}

it('a log that nobody touched is intact', async () => {
  expect(await stage.verify()).toMatchObject({ isIntact: true, broken: undefined, seals: 4 });
});

describe('a changed column of an entry', () => {
  const CHANGES: Record<string, string> = {
    xid: 'xid + 1',
    at: `at + interval '1 microsecond'`,
    event_type: `'user_created'`,
    actor_id: '7',
    subject_id: 'NULL',
    session_id: 'gen_random_uuid()',
    request_id: `'another'`,
    address_hash: `'\\x00'`,
    details: `details || '{"n": 1.0}'`,
  };

  it('is tried for each that there is', async () => {
    expect([...Object.keys(CHANGES), 'id'].sort()).toEqual(await columnsOf('audit_events'));
  });

  it.each(Object.entries(CHANGES))('%s is found', async (column, value) => {
    const [entryId] = await stage.idsOf(2);
    expect(await whenTampered(`UPDATE audit_events SET ${column} = ${value} WHERE ${IN_SEAL_2}`)).toEqual({
      seal: 2,
      reason: 'entry_changed',
      entryId,
    });
  });

  it('id is found as an entry that is gone', async () => {
    const [entryId] = await stage.idsOf(2);
    const columns =
      'xid, at, event_type, actor_id, subject_id, session_id, request_id, address_hash, details';
    expect(
      await whenTampered(
        `INSERT INTO audit_events (id, ${columns}) OVERRIDING SYSTEM VALUE
         SELECT 900, ${columns} FROM audit_events WHERE ${IN_SEAL_2}`,
        `DELETE FROM audit_events WHERE ${IN_SEAL_2}`,
      ),
    ).toEqual({ seal: 2, reason: 'entry_missing', entryId });
  });

  it.each([
    ['a space in a text', `details || '{"reason": "a  test"}'`],
    ['a number that rounds to the same', `details || '{"n": 0.00000000000000000001}'`],
    ['a text for a number', `details || '{"n": "0"}'`],
    ['a field more', `details || '{"more": null}'`],
    ['a field less', `details - 'reason'`],
  ])('details is found: %s', async (_, value) => {
    expect(await whenTampered(`UPDATE audit_events SET details = ${value} WHERE ${IN_SEAL_2}`)).toMatchObject(
      {
        seal: 2,
        reason: 'entry_changed',
      },
    );
  });
});

describe('a changed column of a seal', () => {
  const CHANGES: Record<string, string> = {
    entry_count: 'entry_count + 1',
    first_id: 'first_id + 1',
    last_id: 'last_id + 1',
    previous_head: `sha256('')`,
    head: `sha256('')`,
    key_id: `'k2'`,
    signature: `sha256('')`,
    sealed_at: `sealed_at + interval '1 microsecond'`,
  };

  it('is tried for each that there is', async () => {
    expect([...Object.keys(CHANGES), 'number'].sort()).toEqual(await columnsOf('audit_seals'));
  });

  it.each(Object.entries(CHANGES))('%s is found', async (column, value) => {
    expect(await whenTampered(`UPDATE audit_seals SET ${column} = ${value} WHERE number = 3`)).toEqual({
      seal: 3,
      reason: column === 'key_id' ? 'key_unknown' : 'seal_altered',
    });
  });

  it('number is found', async () => {
    expect(await whenTampered('UPDATE audit_seals SET number = 30 WHERE number = 3')).toMatchObject({
      seal: 3,
      reason: 'seal_missing',
    });
    expect(await whenTampered('UPDATE audit_seals SET number = 30 WHERE number = 4')).toMatchObject({
      seal: 30,
      reason: 'seal_altered',
    });
  });
});

describe('a changed membership', () => {
  it.each([
    ['entry_hash', `entry_hash = sha256('')`, 'entries_reordered'],
    ['seal', 'seal = 3', 'entry_missing'],
    ['event_id', 'event_id = 900', 'entries_reordered'],
  ])('%s is found', async (_, change, reason) => {
    const where = 'event_id = (SELECT min(event_id) FROM audit_seal_entries WHERE seal = 2)';
    expect(await whenTampered(`UPDATE audit_seal_entries SET ${change} WHERE ${where}`)).toMatchObject({
      seal: 2,
      reason,
    });
  });

  it('is tried for each column that there is', async () => {
    expect(await columnsOf('audit_seal_entries')).toEqual(['entry_hash', 'event_id', 'seal']);
  });
});

describe('a changed address', () => {
  it.each(['10.9.8.7', '127.0.0.1/8'])('%s is found', async (address) => {
    expect(await whenTampered(`UPDATE audit_addresses SET address = '${address}'`)).toMatchObject({
      seal: 1,
      reason: 'address_changed',
    });
  });

  it('that stands with another entry is found, one that is gone is too old', async () => {
    expect(
      await whenTampered(
        `UPDATE audit_addresses SET event_id = (SELECT min(event_id) FROM audit_seal_entries WHERE seal = 2)
         WHERE event_id = (SELECT min(event_id) FROM audit_addresses)`,
      ),
    ).toMatchObject({ seal: 2, reason: 'address_changed' });
    expect(await whenTampered('DELETE FROM audit_addresses')).toBeUndefined();
    expect(await columnsOf('audit_addresses')).toEqual(['address', 'event_id']);
  });
});

describe('rows', () => {
  it.each([
    ['an entry deleted', [`DELETE FROM audit_events WHERE ${IN_SEAL_2}`], 2, 'entry_missing'],
    [
      'an entry deleted with its membership',
      [
        `DELETE FROM audit_events WHERE ${IN_SEAL_2}`,
        'DELETE FROM audit_seal_entries WHERE event_id = (SELECT min(event_id) FROM audit_seal_entries WHERE seal = 2)',
      ],
      2,
      'entry_missing',
    ],
    [
      'an entry put into a batch',
      [
        `INSERT INTO audit_events (id, event_type) OVERRIDING SYSTEM VALUE VALUES (900, 'user_created')`,
        `INSERT INTO audit_seal_entries VALUES (900, 2, sha256(''))`,
      ],
      2,
      'entry_added',
    ],
    [
      'an entry exchanged for another one',
      [
        `INSERT INTO audit_events (id, event_type) OVERRIDING SYSTEM VALUE VALUES (900, 'user_created')`,
        'UPDATE audit_seal_entries SET event_id = 900 WHERE event_id = (SELECT min(event_id) FROM audit_seal_entries WHERE seal = 2)',
      ],
      2,
      'entries_reordered',
    ],
    [
      'two entries that change places',
      [
        `UPDATE audit_events e SET (xid, at, event_type, actor_id, subject_id, session_id, request_id, address_hash, details) =
           (SELECT o.xid, o.at, o.event_type, o.actor_id, o.subject_id, o.session_id, o.request_id, o.address_hash, o.details
            FROM audit_events o WHERE o.id = (SELECT min(event_id) + max(event_id) - e.id FROM audit_seal_entries WHERE seal = 2))
         WHERE e.id IN (SELECT min(event_id) FROM audit_seal_entries WHERE seal = 2
                        UNION SELECT max(event_id) FROM audit_seal_entries WHERE seal = 2)`,
      ],
      2,
      'entries_reordered',
    ],
    [
      'two batches that change places',
      ['UPDATE audit_seal_entries SET seal = 5 - seal WHERE seal IN (2, 3)'],
      2,
      'entries_reordered',
    ],
    ['a seal deleted', ['DELETE FROM audit_seals WHERE number = 2'], 2, 'seal_missing'],
    [
      'a batch deleted, entries and all',
      [
        'DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seal_entries WHERE seal = 2)',
        'DELETE FROM audit_seal_entries WHERE seal = 2',
        'DELETE FROM audit_seals WHERE number = 2',
      ],
      2,
      'seal_missing',
    ],
    [
      'the first batches deleted',
      [
        'DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seal_entries WHERE seal < 3)',
        'DELETE FROM audit_seal_entries WHERE seal < 3',
        'DELETE FROM audit_seals WHERE number < 3',
      ],
      3,
      'anchor_missing',
    ],
    [
      'the first batches deleted as if they were old',
      [
        'DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seal_entries WHERE seal < 3)',
        'DELETE FROM audit_seal_entries WHERE seal < 3',
        'DELETE FROM audit_seals WHERE number < 2',
        `INSERT INTO audit_events (event_type, details)
           SELECT 'audit_pruned', jsonb_build_object('through', 2, 'head', encode(head, 'hex')) FROM audit_seals WHERE number = 2`,
      ],
      2,
      'anchor_missing',
    ],
  ] as const)('%s', async (_, statements, seal, reason) => {
    expect(await whenTampered(...statements)).toMatchObject({ seal, reason });
  });

  it('at the end cut off are found by whoever noted a head, and by nobody else', async () => {
    const cut = [
      'DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seal_entries WHERE seal = 4)',
      'DELETE FROM audit_seal_entries WHERE seal = 4',
      'DELETE FROM audit_seals WHERE number = 4',
    ];
    expect(await whenTampered(...cut)).toBeUndefined();
    noted = (await stage.seals()).map(({ number, head }) => ({ number, head: head.toString('hex') }));
    expect(await stage.verify(noted)).toMatchObject({ isIntact: true });
    expect(await whenTampered(...cut)).toEqual({ seal: 4, reason: 'known_head_missing' });
    expect(
      await whenTampered(...cut, `INSERT INTO audit_events (event_type) VALUES ('user_created')`),
    ).toEqual({
      seal: 4,
      reason: 'known_head_differs',
    });
    noted = [];
  });
});

it('whoever has only the database cannot seal a log of their own', async () => {
  const forged = await whenTampered(
    `UPDATE audit_seals SET head = sha256('forged'), signature = sha256('forged') WHERE number = 4`,
  );
  expect(forged).toEqual({ seal: 4, reason: 'seal_altered' });
});
