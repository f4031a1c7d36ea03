import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BackupFile } from '../../../src/backup/archive/backup-files.js';
import type { Actor } from '../../support/api-client.js';
import { RestoreStage } from '../../support/restore-stage.js';
import type { ServiceProcess } from '../../support/service-process.js';

let stage: RestoreStage;
let service: ServiceProcess;
let ada: Actor;
let backup: BackupFile;
beforeAll(async () => {
  stage = await RestoreStage.open();
  service = await stage.startService();
  ada = await stage.signUp(service);
  const write = (content: string) => service.api.as(ada).post('/users/notes', { title: content, content });
  await write('before');
  backup = await stage.backUp();
  await write('after');
});
afterAll(() => stage.close());

const POINTS = [
  'Making a backup of the present database',
  'Restoring into the new database',
  'Comparing what came out',
  'The service answers MAINTENANCE now',
  'Since the backup',
  'Swapping the databases',
];

/** What the service that runs and one that is started now answer. @returns titles of notes */
async function titles(): Promise<string[]> {
  const found = new Set<string>();
  for (const process of [service, await stage.startService()]) {
    await stage.answerOf(() => process.api.get('/'));
    const token = await process.logIn(ada.email, ada.password);
    const { body } = await process.api.as({ token }).get('/users/notes');
    found.add(
      body.items
        .map(({ title }: { title: string }) => title)
        .sort()
        .join(),
    );
    if (process !== service) await process.stop();
  }
  expect(found.size).toBe(1);
  return [...found];
}

const leftovers = async () => (await stage.siblings()).filter((name) => name.includes('_restored_'));

describe.each(POINTS)('at "%s"', (point) => {
  it('a killed restore leaves one whole database under the name, and the next one does it', async () => {
    const restore = stage.begin(['backup:restore', backup.file, '--yes']);
    await stage.said(restore, point);
    restore.signal('SIGKILL');
    await restore.ended;

    // At the very end either may be there: nobody can tell a moment from the next one.
    const whole = point === POINTS.at(-1) ? ['after,before', 'before'] : ['after,before'];
    expect(whole).toContain((await titles())[0]);
    // The next run puts away what the killed one left.
    await stage.succeed(['backup:run']);
    expect(await leftovers()).toEqual([]);
    expect((await stage.files()).filter((name) => name.endsWith('.partial'))).toEqual([]);
  }, 120_000);
});

it('Ctrl-C undoes what was begun', async () => {
  // A restore that was killed may have left its row.
  await stage.sql('DELETE FROM maintenance');
  const before = await stage.siblings();
  const content = await stage.content();
  for (const point of ['Restoring into the new database', 'The service answers MAINTENANCE now']) {
    const restore = stage.begin(['backup:restore', backup.file, '--yes']);
    await stage.said(restore, point);
    restore.signal('SIGINT');
    expect((await restore.ended).signal).toBe('SIGINT');
    expect(await stage.siblings()).toEqual(before);
    expect(await stage.sql('SELECT * FROM maintenance')).toEqual([]);
  }
  expect(await stage.content()).toEqual(content);
}, 120_000);

it('after all of that a restore works', async () => {
  await stage.succeed(['backup:restore', backup.file, '--yes']);
  expect(await titles()).toEqual(['before']);
  expect(await leftovers()).toEqual([]);
}, 120_000);
