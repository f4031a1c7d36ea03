import path from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { RestoreStage } from '../../support/restore-stage.js';

jest.setTimeout(240_000);

let stage: RestoreStage;
beforeEach(async () => {
  stage = await RestoreStage.open();
});
afterEach(() => stage.close());

/** Seals and verifies everything. @returns the head, as one notes it elsewhere */
async function noteHead(args: string[] = []): Promise<string> {
  const said = await stage.succeed(['audit:verify', ...args]);
  expect(said).toContain('Intact:');
  return /^Head (\d+:[0-9a-f]{64}) /m.exec(said)![1]!;
}

const created = (id: number) =>
  stage.sql(`SELECT id FROM audit_events WHERE event_type = 'user_created' AND subject_id = $1`, [id]);

const restoreEvents = async () =>
  (
    await stage.sql<{ details: Record<string, unknown> }>(
      `SELECT details FROM audit_events WHERE event_type = 'sys_restore'`,
    )
  ).map(({ details }) => details);

it('going back to a backup takes back nothing of the audit log, and the chain goes on', async () => {
  const service = await stage.startService();
  const ada = await stage.signUp(service);
  const before = await noteHead();
  const { file, manifest } = await stage.backUp();
  expect(manifest.audit_head!.number).toBeGreaterThanOrEqual(Number.parseInt(before, 10));
  const bob = await stage.signUp(service);
  const after = await noteHead(['--against-backups']);
  const eve = await stage.signUp(service);

  await stage.succeed(['backup:restore', file, '--yes']);
  expect(
    await stage.sql('SELECT id FROM users WHERE id = ANY ($1)', [[ada.id, bob.id, eve.id]]),
  ).toHaveLength(1);
  for (const { id } of [ada, bob, eve]) expect(await created(id)).toHaveLength(1);
  expect(await restoreEvents()).toEqual([
    expect.objectContaining({
      origin: 'cli',
      backup: path.basename(file),
      taken_at: manifest.taken_at,
      lost_seal: null,
      lost_head: null,
    }),
  ]);
  await noteHead(['--head', before, '--head', after, '--against-backups']);
  expect(
    await stage.sql(`SELECT FROM audit_events WHERE event_type = 'sys_maintenance_started'`),
  ).toHaveLength(1);
});

it('which token keys came and went stays known, and is told once', async () => {
  const changes = async () =>
    (
      await stage.sql<{ details: Record<string, unknown> }>(
        `SELECT details FROM audit_events WHERE event_type = 'keys_changed'`,
      )
    ).map(({ details }) => details);
  await (await stage.startService()).stop();
  const { file } = await stage.backUp();
  const env = {
    TOKEN_PEPPER: `k2:${Buffer.alloc(32, 'n').toString('base64')},${stage.env['TOKEN_PEPPER']!}`,
  };
  const told = [
    { origin: 'service', ring: 'TOKEN_PEPPER', added: 'k2', removed: '', replaced: '', writes: 'k2' },
  ];
  await (await stage.startService(env)).stop();
  expect(await changes()).toEqual(told);
  await stage.succeed(['backup:restore', file, '--yes'], { env });
  await (await stage.startService(env)).stop();
  expect(await changes()).toEqual(told);
});

it('a present log that does not continue that of the backup stays where it is, and the restore names its head', async () => {
  const service = await stage.startService();
  const ada = await stage.signUp(service);
  await noteHead();
  const { file } = await stage.backUp();
  const bob = await stage.signUp(service);
  await noteHead();
  await stage.sql(
    `UPDATE audit_seals SET head = sha256('other') WHERE number = (SELECT max(number) FROM audit_seals) - 1`,
  );
  await stage.sql(`UPDATE audit_seals SET head = sha256('other') WHERE number <= $1`, [
    (await stage.backups()).at(-1)!.manifest.audit_head!.number,
  ]);
  await stage.succeed(['backup:restore', file, '--yes']);
  expect(await created(ada.id)).toHaveLength(1);
  expect(await created(bob.id)).toHaveLength(0);
  const [event] = await restoreEvents();
  expect(event).toMatchObject({ entries_kept: 0 });
  const [former] = await stage.siblings();
  expect(
    await stage.sqlIn(
      former!,
      `SELECT FROM audit_seals WHERE number = ${String(event!['lost_seal'])} AND encode(head, 'hex') = '${String(event!['lost_head'])}'
                               AND number = (SELECT max(number) FROM audit_seals)`,
    ),
  ).toHaveLength(1);
  await noteHead();
});
