import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { RestoreStage } from '../../support/restore-stage.js';

let stage: RestoreStage;
beforeEach(async () => {
  stage = await RestoreStage.open();
});
afterEach(() => stage.close());

/** Casts votes as a process does that has not heard of any maintenance. @returns how many were acknowledged in all */
function castUntilCutOff(): { acknowledged: () => number; cutOff: Promise<void> } {
  let acknowledged = 0;
  const cast = async () => {
    const client = await stage.connect(stage.database.urls.app, 'deaf process');
    try {
      for (;;) {
        await client.query('BEGIN');
        await client.query(
          'INSERT INTO participations SELECT id, gen_random_uuid() FROM elections WHERE is_default',
        );
        await client.query(
          `INSERT INTO ballots (id, election_id, ballot, nonce, leaf_hash)
           SELECT gen_random_uuid(), id, '{}', ''::bytea, uuid_send(gen_random_uuid()) FROM elections WHERE is_default`,
        );
        await client.query('COMMIT');
        acknowledged += 1;
      }
    } catch {
      await client.end();
    }
  };
  return { acknowledged: () => acknowledged, cutOff: Promise.all([cast(), cast()]).then(() => undefined) };
}

it('no vote slips in between counting and swapping, also by a process that is deaf to maintenance', async () => {
  await stage.startService();
  const { file } = await stage.backUp();
  const votes = castUntilCutOff();
  const said = await stage.succeed(['backup:restore', file, '--yes', '--accept-lost-votes']);
  await votes.cutOff;
  expect(votes.acknowledged()).toBeGreaterThan(0);
  expect(said).toContain(`Votes lost: ${votes.acknowledged()}.`);
  expect(await stage.sql('SELECT id FROM ballots')).toEqual([]);
  const [former] = await stage.siblings();
  const [kept] = await stage.sqlIn<{ count: string }>(former!, 'SELECT count(*) FROM ballots');
  expect(Number(kept!.count)).toBe(votes.acknowledged());
});

it('votes that the backup has are not lost, however many there are', async () => {
  await stage.startService();
  await stage.sql(
    `INSERT INTO participations SELECT id, gen_random_uuid() FROM elections, generate_series(1, 25000) WHERE is_default`,
  );
  await stage.sql(
    `INSERT INTO ballots (id, election_id, ballot, nonce, leaf_hash)
     SELECT gen_random_uuid(), id, '{}', '', uuid_send(gen_random_uuid()) FROM elections, generate_series(1, 25000) WHERE is_default`,
  );
  const { file } = await stage.backUp();
  expect(await stage.succeed(['backup:restore', file, '--yes'])).not.toContain('Votes lost');
  // One that is not in it is found among them, in whichever table it is.
  await stage.sql(`INSERT INTO participations SELECT id, gen_random_uuid() FROM elections WHERE is_default`);
  const refused = await stage.command(['backup:restore', file, '--yes']);
  expect(refused.stderr).toContain('1 vote of the present database would be lost; nothing was changed.');
});

/** Deletes accounts as a process does that has not heard of any maintenance, and cannot reach the folder of the backups. */
function deleteUntilCutOff(ids: number[]): { deleted: number[]; cutOff: Promise<void> } {
  const left = [...ids];
  const deleted: number[] = [];
  const remove = async () => {
    const client = await stage.connect(stage.database.urls.app, 'deaf process');
    try {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        await client.query('BEGIN');
        await client.query('INSERT INTO account_deletions (user_id) VALUES ($1)', [id]);
        await client.query('DELETE FROM users WHERE id = $1', [id]);
        await client.query('COMMIT');
        deleted.push(id);
      }
    } catch {
      // Cut off by the swap.
    }
    await client.end();
  };
  return { deleted, cutOff: Promise.all([remove(), remove()]).then(() => undefined) };
}

it('no deletion of an account slips in between listing and swapping, also by a process that is deaf to maintenance', async () => {
  await stage.startService();
  const made = await stage.sql<{ id: string }>(
    `INSERT INTO users (name, email, email_normalized, voter_key)
     SELECT 'Ann', n || '@b.c', n || '@b.c', gen_random_uuid() FROM generate_series(1, 100000) n RETURNING id`,
  );
  const ids = made.map(({ id }) => Number(id));
  const { file } = await stage.backUp();
  const restore = stage.begin(['backup:restore', file, '--yes']);
  await stage.said(restore, 'The service answers MAINTENANCE now');
  const deletions = deleteUntilCutOff(ids);
  expect({ ...(await restore.ended), stderr: restore.stderr }).toMatchObject({ code: 0 });
  await deletions.cutOff;
  expect(deletions.deleted.length).toBeGreaterThan(0);
  // In the middle of it, or this shows nothing.
  expect(deletions.deleted.length).toBeLessThan(ids.length);
  const back = await stage.sql('SELECT id FROM users WHERE id = ANY ($1)', [deletions.deleted]);
  expect(back).toEqual([]);
});
