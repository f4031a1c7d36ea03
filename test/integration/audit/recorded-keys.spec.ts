import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { AuditService } from '../../../src/audit/audit.service.js';
import { KeysService } from '../../../src/keys/keys.service.js';
import { TokenKeyRingsService } from '../../../src/keys/token-keys/token-key-rings.service.js';
import { NotesService } from '../../../src/notes/notes.service.js';
import { createTestDatabase, openPool, type TestDatabase } from '../../support/test-database.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const key = (id: string, fill: string) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;

let database: TestDatabase;
let sql: pg.Pool;
/** The log and the keys of each part are its own. */
function onOwnDatabase(): void {
  beforeAll(async () => {
    database = await createTestDatabase();
    sql = openPool(database.urls.owner);
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
  });
}

/** Starts the service with these secrets, lets it work, and stops it. */
async function on<T>(env: Record<string, string>, work: (server: TestServer) => Promise<T>): Promise<T> {
  const server = await startTestServer({ database, env });
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

interface Rotated {
  key: string;
  what: string;
  rows: number;
}

interface Changed {
  ring: string;
  added: string;
  removed: string;
  replaced: string;
  writes: string;
}

interface Entry<Details> {
  xid: string;
  details: Details;
}

async function eventsOf(type: 'keys_rotated'): Promise<Entry<Rotated>[]>;
async function eventsOf(type: 'keys_changed'): Promise<Entry<Changed>[]>;
async function eventsOf(type: string): Promise<Entry<unknown>[]> {
  const { rows } = await sql.query<Entry<unknown>>(
    `SELECT xid::text, details - 'origin' AS details FROM audit_events WHERE event_type = $1 ORDER BY id`,
    [type],
  );
  return rows;
}

describe('a rotation of APP_ENCRYPTION_KEY', () => {
  onOwnDatabase();
  const [old, both] = [key('k1', 'a'), `${key('k2', 'b')},${key('k1', 'a')}`];
  const rotate = (server: TestServer) => server.app.get(KeysService).rotate(() => undefined);

  /** Under which key rows are wrapped, and by which transactions. */
  async function wrapped(table: 'service_keys' | 'user_keys'): Promise<{ ids: string[]; xids: string[] }> {
    const { rows } = await sql.query<{ ids: string[]; xids: string[] }>(
      `SELECT array_agg(DISTINCT key_id) AS ids, array_agg(DISTINCT xmin::text) AS xids FROM ${table}`,
    );
    return rows[0]!;
  }

  beforeAll(() =>
    on({ APP_ENCRYPTION_KEY: old }, async (server) => {
      for (let n = 0; n < 3; n += 1) {
        const { id } = await server.signUp();
        await server.app.get(NotesService).create(id, { title: 'Packing', content: 'Passport' });
      }
    }),
  );

  it('that cannot be recorded rewraps nothing', async () => {
    await on({ APP_ENCRYPTION_KEY: both }, async (server) => {
      const record = jest.spyOn(server.app.get(AuditService), 'record').mockRejectedValue(new Error('full'));
      await expect(rotate(server)).rejects.toThrow('full');
      record.mockRestore();
    });
    expect([(await wrapped('service_keys')).ids, (await wrapped('user_keys')).ids]).toEqual([['k1'], ['k1']]);
    expect(await eventsOf('keys_rotated')).toEqual([]);
  });

  it('is recorded batch by batch, each entry in the transaction of what it tells', async () => {
    const totals = await on({ APP_ENCRYPTION_KEY: both }, rotate);
    const entries = await eventsOf('keys_rotated');
    for (const [what, table] of [
      ['service keys', 'service_keys'],
      ['user keys', 'user_keys'],
    ] as const) {
      const own = entries.filter(({ details }) => details.what === what);
      expect(own.map(({ details: { key: id, rows } }) => ({ id, rows }))).toEqual([
        { id: 'k2', rows: totals[what] },
      ]);
      expect(await wrapped(table)).toEqual({ ids: ['k2'], xids: own.map(({ xid }) => xid) });
    }
    // Three people were mailed a code.
    expect(entries.map(({ details: { what } }) => what).sort()).toEqual([
      'mails',
      'service keys',
      'user keys',
    ]);
  });

  it('that finds nothing to do is no event; of two at once each tells what it did', async () => {
    const before = (await eventsOf('keys_rotated')).length;
    const next = `${key('k3', 'c')},${key('k2', 'b')}`;
    const [one, other] = await on({ APP_ENCRYPTION_KEY: next }, async (server) => {
      const done = await Promise.all([rotate(server), rotate(server)]);
      const recorded = (await eventsOf('keys_rotated')).length;
      await rotate(server);
      expect(await eventsOf('keys_rotated')).toHaveLength(recorded);
      return done;
    });
    const counted = (await eventsOf('keys_rotated')).slice(before);
    for (const what of ['service keys', 'user keys']) {
      const rows = counted.filter(({ details }) => details.what === what).map(({ details }) => details.rows);
      const stored = await sql.query(`SELECT FROM ${what.replace(' ', '_')}`);
      expect(rows.reduce((sum, count) => sum + count, 0)).toBe(stored.rowCount);
      expect(one[what]! + other[what]!).toBe(stored.rowCount);
    }
  });
});

describe('the rings of token keys', () => {
  onOwnDatabase();
  const start = (env: Record<string, string> = {}, processes = 1) =>
    on(env, (server) =>
      Promise.all(
        Array.from({ length: processes }, () => server.app.get(TokenKeyRingsService).compareAtStart()),
      ),
    );
  const [K1, K2] = [key('k1', 't'), key('k2', 'n')];

  /** What a start on these secrets adds to the log. */
  async function changesAt(env: Record<string, string>, processes?: number): Promise<Changed[]> {
    const before = (await eventsOf('keys_changed')).length;
    await start(env, processes);
    return (await eventsOf('keys_changed')).slice(before).map(({ details }) => details);
  }

  it('are no news at the first start, nor while they stay as they are', async () => {
    expect(await changesAt({})).toEqual([]);
    expect(await changesAt({})).toEqual([]);
  });

  it('are told of when a key has come, has gone to the front, and has gone, each once', async () => {
    const ring = 'TOKEN_PEPPER';
    const [appended, moved, alone] = [`${K1},${K2}`, `${K2},${K1}`, K2];
    const none = { ring, added: '', removed: '', replaced: '' };
    expect(await changesAt({ [ring]: appended })).toEqual([{ ...none, added: 'k2', writes: 'k1' }]);
    expect(await changesAt({ [ring]: appended })).toEqual([]);
    expect(await changesAt({ [ring]: moved })).toEqual([{ ...none, writes: 'k2' }]);
    expect(await changesAt({ [ring]: alone })).toEqual([{ ...none, removed: 'k1', writes: 'k2' }]);
    expect(await changesAt({ [ring]: alone })).toEqual([]);
    expect(await changesAt({})).toEqual([{ ...none, added: 'k1', removed: 'k2', writes: 'k1' }]);
  });

  it('are told of when another key stands under a known id, and no value is written anywhere', async () => {
    const other = key('k1', 'x');
    const changed = (ring: string) => ({ ring, added: '', removed: '', replaced: 'k1', writes: 'k1' });
    expect(await changesAt({ LOG_SIGNING_KEY: other, JWT_SECRET_KEY: other })).toEqual([
      changed('JWT_SECRET_KEY'),
      changed('LOG_SIGNING_KEY'),
    ]);
    const { rows } = await sql.query<{ text: string }>(
      `SELECT (SELECT string_agg(r::text, ' ') FROM token_key_rings r)
              || (SELECT string_agg(e::text, ' ') FROM audit_events e) AS text`,
    );
    for (const value of [other.slice(3), Buffer.alloc(32, 'x').toString('hex')])
      expect(rows[0]!.text).not.toContain(value);
    await start();
  });

  it('are told of once, however many processes start at once', async () => {
    expect(await changesAt({ TOKEN_PEPPER: `${K2},${K1}` }, 20)).toHaveLength(1);
    await sql.query('DELETE FROM token_key_rings');
    expect(await changesAt({}, 20)).toEqual([]);
    expect((await sql.query('SELECT FROM token_key_rings')).rowCount).toBe(3);
  });

  it('are told of at the next start where it could not be recorded', async () => {
    const env = { TOKEN_PEPPER: `${K1},${K2}` };
    await on(env, async (server) => {
      jest.spyOn(server.app.get(AuditService), 'record').mockRejectedValue(new Error('full'));
      await expect(server.app.get(TokenKeyRingsService).compareAtStart()).rejects.toThrow('full');
      jest.restoreAllMocks();
    });
    expect(await changesAt(env)).toMatchObject([{ added: 'k2' }]);
  });
});
