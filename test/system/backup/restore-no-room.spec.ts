import { chmod, mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { listBackupFiles } from '../../../src/backup/archive/backup-files.js';
import { mountSmallDisk } from '../../support/backup-stage.js';
import { Operator, query } from '../../support/operator.js';

const DISK_BYTES = 400_000_000;
/** What is left of it: more than PostgreSQL needs to go on, less than another copy of the database. */
const ROOM_BYTES = 30_000_000;

const operator = new Operator();
let disk: string;
let mounted: { unmount: () => void };
afterEach(async () => {
  await operator.cleanUp();
  mounted.unmount();
  await rm(disk, { recursive: true });
});

const ADA = { name: 'Ada', email: 'ada@example.com', password: 'a curious otter sings alone' };

it('a restore is refused while the disk of the embedded database has no room for it beside the present one, and done once it has', async () => {
  disk = await mkdtemp(path.join(tmpdir(), 'mc101-disk-'));
  mounted = mountSmallDisk(disk, DISK_BYTES);
  // Every user can pass through: the server's is another.
  await chmod(disk, 0o755);
  const dataDir = path.join(disk, 'data');
  const dir = path.join(await operator.folder(), 'backups');
  await mkdir(dir);
  const env = { NODE_ENV: 'test', BACKUP_DIR: dir, BACKUP_CRON: 'off' };
  const service = await operator.start({ dataDir, env });
  expect((await operator.command(['backup:run'], { dataDir, env })).code).toBe(0);
  const [backup] = await listBackupFiles(dir);
  expect((await service.api.post('/users/register', ADA)).status).toBe(201);
  const restore = () => operator.command(['backup:restore', backup!.file, '--yes'], { dataDir, env });
  const databases = async () =>
    (await query(dataDir, `SELECT datname FROM pg_database WHERE datname ~ '^mc101_'`)).length;

  const { bavail, bsize } = await statfs(disk);
  const filler = path.join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(bavail * bsize - ROOM_BYTES));
  const { code, stdout, stderr } = await restore();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr.trim().split('\n').at(-1)).toMatch(
    /has \d+ MB free and about \d+ MB are needed to restore it beside the present database: free some\.$/,
  );
  expect(await databases()).toBe(0);
  await service.logIn(ADA.email, ADA.password);
  // The backup of the present database, which was made first, stays.
  expect((await listBackupFiles(dir)).map(({ manifest }) => manifest.reason)).toEqual(['manual', 'restore']);
  expect((await readdir(dir)).filter((name) => name.endsWith('.partial'))).toEqual([]);

  await rm(filler);
  expect(await restore()).toMatchObject({ code: 0 });
  while ((await service.api.get('/')).status === 503) await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(service.logIn(ADA.email, ADA.password)).rejects.toThrow('INVALID_CREDENTIALS');
}, 120_000);
