import { afterEach, expect, it, jest } from '@jest/globals';
import { Operator, query } from '../../support/operator.js';

jest.setTimeout(240_000);

const operator = new Operator();
afterEach(() => operator.cleanUp());

const person = (name: string) => ({
  name,
  email: `${name}@example.org`,
  password: `a curious otter sings for ${name}`,
});

it('the chain goes on in another cluster, whose transactions have other numbers', async () => {
  const dataDir = await operator.newDataDir();
  const source = await operator.start({ dataDir });
  // Many transactions, none of which is waited for, so that their numbers lie beyond those of a new cluster.
  await query(
    dataDir,
    `DO $$ BEGIN FOR n IN 1..3000 LOOP PERFORM pg_current_xact_id(); ROLLBACK; END LOOP; END $$`,
  );
  for (const name of ['ada', 'bob']) await source.api.post('/users/register', person(name));
  const verified = await operator.command(['audit:verify'], { dataDir });
  const [, head] = /^Head (\d+:[0-9a-f]{64}) /m.exec(verified.stdout)!;
  await source.api.post('/users/register', person('eve'));
  // Killed, so that what it recorded last waits for its seal.
  source.signal('SIGKILL');
  await source.ended;

  const target = await operator.newDataDir();
  const moved = await operator.command(['db:move', '--to-embedded', target], { dataDir });
  expect(moved).toMatchObject({ code: 0 });
  const service = await operator.start({ dataDir: target });
  expect((await service.api.post('/users/register', person('zoe'))).status).toBe(201);
  const again = await operator.command(['audit:verify', '--head', head!], { dataDir: target });
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(' 0 more wait for their seal.') });
  const [counts] = await query(
    target,
    `SELECT count(*) FILTER (WHERE event_type = 'user_created') AS created,
            count(*) FILTER (WHERE event_type = 'sys_database_moved') AS moved,
            (SELECT max(xid) FROM audit_events) > pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "isFromElsewhere"
     FROM audit_events`,
  );
  expect(counts).toEqual({ created: '5', moved: '1', isFromElsewhere: true });
  await service.stop();
});
