import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, expect, it } from '@jest/globals';
import { Operator } from '../../support/operator.js';

const operator = new Operator();
afterEach(() => operator.cleanUp());

const PASSPHRASE = 'lantern harbour otter violin seven gravel';
const PERSON = { name: 'Ada', email: 'ada@example.org', password: 'a curious otter sings at dawn' };

it('a machine that is lost comes back from a backup and the recovery file, with its notes', async () => {
  const elsewhere = await operator.folder();
  const backups = path.join(elsewhere, 'backups');
  const recovery = ['--recovery-file', path.join(elsewhere, 'keys.json')];
  const passphrase = ['--passphrase-file', path.join(elsewhere, 'passphrase')];
  await writeFile(passphrase[1]!, `${PASSPHRASE}\n`);
  const env = { BACKUP_DIR: backups };

  const lost = await operator.newDataDir();
  const service = await operator.start({ dataDir: lost, env });
  await service.api.post('/users/register', PERSON);
  const ada = service.api.as({ token: await service.logIn(PERSON.email, PERSON.password) });
  const note = await ada.post('/users/notes', { title: 'Packing', content: 'Passport, tickets' });
  expect(note.status).toBe(201);
  const run = await operator.command(['backup:run'], { dataDir: lost, env });
  const exported = await operator.command(['keys:export', recovery[1]!, ...passphrase], {
    dataDir: lost,
    env,
  });
  expect([run.code, exported.code]).toEqual([0, 0]);
  await service.stop();

  const dataDir = await operator.newDataDir();
  const [dump] = (await readdir(backups)).filter((name) => name.endsWith('.dump'));
  const withoutKeys = await operator.command(['backup:verify', dump!], { dataDir, env });
  expect(withoutKeys.code).toBe(1);
  expect(withoutKeys.stderr).toContain('is not the one that this backup was made with');
  const verified = await operator.command(['backup:verify', dump!, ...recovery, ...passphrase], {
    dataDir,
    env,
  });
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('restored and compared') });

  const restored = await operator.command(['backup:restore', dump!, '--yes', ...recovery, ...passphrase], {
    dataDir,
    env,
  });
  expect(restored).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('The service needs the key "k1" of the recovery file'),
  });
  expect(await operator.refusal({ dataDir, env })).toContain('"k1"');

  const keys = path.join(elsewhere, 'keys.env');
  await operator.command(['keys:recover', recovery[1]!, '--out', keys, ...passphrase], { dataDir, env });
  const recovered = parseEnv(await readFile(keys, 'utf8')) as Record<string, string>;
  const again = await operator.start({ dataDir, env: { ...env, ...recovered } });
  const token = await again.logIn(PERSON.email, PERSON.password);
  const read = await again.api.as({ token }).get(`/users/notes/${note.body.id}`);
  expect(read.body).toMatchObject({ title: 'Packing', content: 'Passport, tickets' });
});
