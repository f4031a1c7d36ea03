import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import type { DatabaseUrls } from '../../../src/config/app-config.js';
import { readDatabaseFacts, UnreachableError } from '../../../src/doctor/database-facts.repository.js';
import { judgeClock } from '../../../src/doctor/checks/clock.js';
import { judgePooler } from '../../../src/doctor/checks/pooler.js';
import { judgeRoles } from '../../../src/doctor/checks/roles.js';
import { judgeSchema, KNOWN_MIGRATIONS } from '../../../src/doctor/checks/schema.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { startPooler, type Pooler } from '../../support/pooler.js';
import { freePort } from '../../support/service-process.js';

let database: TestDatabase;
let pooler: Pooler;
beforeAll(async () => {
  database = await createTestDatabase();
  pooler = await startPooler(database.urls.app);
});
afterAll(async () => {
  await pooler.stop();
  await database.drop();
});

const read = (urls: Partial<DatabaseUrls> = {}, clock = new Clock()) =>
  readDatabaseFacts({ ...database.urls, ...urls }, clock);

describe('a database', () => {
  it('with its two roles, this version and no pooler is in order', async () => {
    const facts = await read();
    expect(judgeRoles(facts).map(({ verdict }) => verdict)).toEqual(['ok']);
    expect(judgePooler(facts).verdict).toBe('ok');
    expect(judgeSchema(facts.migrations, KNOWN_MIGRATIONS).verdict).toBe('ok');
    expect(judgeClock(facts.clock, 'the database').verdict).toBe('ok');
    expect(facts.bytes).toBeGreaterThan(1_000_000);
  });

  it.each([
    [61_000, 'behind'],
    [-61_000, 'ahead of'],
  ])('whose clock is not that of this machine (%i ms) is found out', async (byMs, direction) => {
    const wrong = { now: () => new Date(new Date().getTime() + byMs) };
    expect(judgeClock((await read({}, wrong)).clock, 'the database')).toMatchObject({
      verdict: 'problem',
      found: expect.stringMatching(new RegExp(`is 6[01]\\.\\d s ${direction}`)),
    });
  });

  it('behind a pooler is told from one that is not', async () => {
    const pooled = pooler.through(database.urls.app);
    const facts = await read({ app: pooled });
    expect([facts.app.isPooled, facts.direct.isPooled]).toEqual([true, false]);
    expect(judgePooler(facts).verdict).toBe('ok');
    const all = await read({ app: pooled, direct: pooler.through(database.urls.direct) });
    expect(judgePooler(all).verdict).toBe('problem');
  });

  it('that one role does everything in is told, and a superuser', async () => {
    const { owner } = database.urls;
    expect(judgeRoles(await read({ app: owner }))).toMatchObject([
      { verdict: 'warning', found: expect.stringContaining('One role') },
    ]);
    const superuser = database.superuserUrl.replace(/\/postgres(?=\?)/, `/${database.name}`);
    expect(judgeRoles(await read({ app: superuser }))[0]).toMatchObject({
      verdict: 'problem',
      found: expect.stringContaining('superuser'),
    });
  });

  it('without tables is empty', async () => {
    const empty = await createTestDatabase({ empty: true });
    try {
      const { migrations } = await readDatabaseFacts(empty.urls, new Clock());
      expect(migrations).toBeUndefined();
    } finally {
      await empty.drop();
    }
  });

  it('that cannot be reached is named by the variable that leads to it', async () => {
    const nowhere = `postgresql://app:hush@127.0.0.1:${await freePort()}/mc101`;
    for (const [address, variable] of [
      ['app', 'DATABASE_URL'],
      ['owner', 'DATABASE_OWNER_URL'],
      ['direct', 'DATABASE_DIRECT_URL'],
    ] as const) {
      const error = await read({ [address]: nowhere }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UnreachableError);
      expect(error).toMatchObject({ variable, cause: { code: 'ECONNREFUSED' } });
    }
  });
});
