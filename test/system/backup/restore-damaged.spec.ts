import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { RestoreStage } from '../../support/restore-stage.js';

let stage: RestoreStage;
beforeEach(async () => {
  stage = await RestoreStage.open();
});
afterEach(() => stage.close());

it('a database whose tables cannot be read is replaced all the same, once that is accepted, and kept', async () => {
  const service = await stage.startService();
  const ada = await stage.signUp(service);
  await service.api.as(ada).post('/users/notes', { title: 'a note', content: 'before' });
  const { file } = await stage.backUp();
  const [table] = await stage.sql<{ path: string }>(`SELECT pg_relation_filepath('users') AS path`);
  await stage.loseFile(table!.path);

  const refused = await stage.command(['backup:restore', file, '--yes']);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('The present database could not be backed up first');

  await stage.succeed(['backup:restore', file, '--yes', '--without-safety-dump']);
  await stage.answerOf(() => service.api.get('/'));
  ada.token = await service.logIn(ada.email, ada.password);
  expect((await service.api.as(ada).get('/users/notes')).body.items).toHaveLength(1);
  expect(await stage.siblings()).toHaveLength(1);
});

it('votes that cannot be read are only lost when that is accepted', async () => {
  await stage.startService();
  const { file } = await stage.backUp();
  await stage.sql('DROP TABLE ballots');
  const refused = await stage.command(['backup:restore', file, '--yes', '--without-safety-dump']);
  expect(refused.stderr).toContain('The votes of the present database cannot be read');
  expect(await stage.siblings()).toEqual([]);
  const said = await stage.succeed([
    'backup:restore',
    file,
    '--yes',
    '--without-safety-dump',
    '--accept-lost-votes',
  ]);
  expect(said).toContain('Votes lost: unknown.');
  expect(await stage.sql('SELECT id FROM ballots')).toEqual([]);
});
