import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { listBackupFiles } from '../../../src/backup/archive/backup-files.js';
import type { ServiceProcess } from '../../support/service-process.js';
import { databasePid, Operator, query } from '../../support/operator.js';

const operator = new Operator();
afterEach(() => operator.cleanUp());

const ADA = { name: 'Ada', email: 'ada@example.com', password: 'a curious otter sings alone' };

const logInAs = async ({ api }: ServiceProcess, { email, password }: typeof ADA) =>
  (await api.post('/users/login', { email, password })).status;

it('the embedded database is restored while its service is stopped, and while it runs', async () => {
  const dataDir = await operator.newDataDir();
  const dir = path.join(await operator.folder(), 'backups');
  await mkdir(dir);
  const env = { NODE_ENV: 'test', BACKUP_DIR: dir, BACKUP_CRON: 'off' };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await operator.command(args, { dataDir, env });
    if (code !== 0) throw new Error(`${args.join(' ')}:\n${stdout}\n${stderr}`);
  };
  const service = await operator.start({ dataDir, env });
  expect((await service.api.post('/users/register', ADA)).status).toBe(201);
  await service.stop();

  await run('backup:run');
  const [backup] = await listBackupFiles(dir);
  await query(dataDir, 'SELECT 1').then(
    () => {
      throw new Error('The command left the server running.');
    },
    () => undefined,
  );
  const second = await operator.start({ dataDir, env });
  const eve = { ...ADA, email: 'eve@example.com' };
  expect((await second.api.post('/users/register', eve)).status).toBe(201);
  await second.stop();

  await run('backup:restore', backup!.file, '--yes');
  expect(await databasePid(dataDir)).toBeUndefined();
  const third = await operator.start({ dataDir, env });
  await third.logIn(ADA.email, ADA.password);
  expect(await logInAs(third, eve)).toBe(401);
  expect((await third.api.post('/users/register', eve)).status).toBe(201);

  await run('backup:restore', backup!.file, '--yes');
  while ((await third.api.get('/')).status === 503) await new Promise((resolve) => setTimeout(resolve, 50));
  await third.logIn(ADA.email, ADA.password);
  expect(await logInAs(third, eve)).toBe(401);
  const kept = await query(dataDir, `SELECT FROM pg_database WHERE datname ~ '^mc101_before_'`);
  expect(kept).toHaveLength(2);
}, 180_000);
