import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { RestoreStage } from '../../support/restore-stage.js';

jest.setTimeout(120_000);

let stage: RestoreStage;
beforeAll(async () => {
  stage = await RestoreStage.open();
});
afterAll(() => stage.close());

const changes = async () =>
  (
    await stage.sql<{ details: Record<string, unknown> }>(
      `SELECT details - 'origin' AS details FROM audit_events WHERE event_type = 'keys_changed' ORDER BY id`,
    )
  ).map(({ details }) => details);

it('processes that start with another key of tokens say so once, and a command says nothing', async () => {
  await (await stage.startService()).stop();
  const first = stage.env['JWT_SECRET_KEY']!;
  const env = { JWT_SECRET_KEY: `k2:${Buffer.alloc(32, 'n').toString('base64')},${first}` };
  const verified = await stage.command(['audit:verify'], { env });
  expect({ code: verified.code, stderr: verified.stderr }).toMatchObject({ code: 0 });
  expect(await changes()).toEqual([]);

  const both = await Promise.all([stage.startService(env), stage.startService(env)]);
  const change = { ring: 'JWT_SECRET_KEY', added: 'k2', removed: '', replaced: '', writes: 'k2' };
  expect(await changes()).toEqual([change]);
  await Promise.all(both.map((service) => service.stop()));
  expect(await changes()).toEqual([change]);
});
