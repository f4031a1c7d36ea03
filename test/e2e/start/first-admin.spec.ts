import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { announceFirstAdmin } from '../../../src/first-admin.js';

const drawn = { email: 'admin@example.com', generatedPassword: 'drawn-by-the-service' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mc101-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('a drawn password is shown on a terminal, and written nowhere', async () => {
  const [who, password] = await announceFirstAdmin(drawn, folder, true);
  expect(who).toContain('admin@example.com');
  expect(password).toContain('drawn-by-the-service');
  await expect(stat(path.join(folder, 'first-admin'))).rejects.toThrow('ENOENT');
});

it('where nobody looks it goes to a file of mode 0600, also when an open one is there already', async () => {
  const file = path.join(folder, 'first-admin');
  await writeFile(file, 'of an earlier database');
  await chmod(file, 0o644);
  const lines = await announceFirstAdmin(drawn, folder, false);
  expect(lines.join('\n')).toContain(file);
  expect(lines.join('\n')).not.toContain('drawn-by-the-service');
  expect(await readFile(file, 'utf8')).toBe('drawn-by-the-service\n');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('the data folder is made for it where the database lies elsewhere', async () => {
  const dataDir = path.join(folder, 'not', 'yet');
  await announceFirstAdmin(drawn, dataDir, false);
  expect(await readFile(path.join(dataDir, 'first-admin'), 'utf8')).toBe('drawn-by-the-service\n');
});

it('a file that cannot be written is told with the way to another password', async () => {
  await writeFile(path.join(folder, 'file'), '');
  await expect(announceFirstAdmin(drawn, path.join(folder, 'file'), false)).rejects.toThrow(
    /could not be written .*: make DATA_DIR writable, .*admin:reset --email admin@example\.com/,
  );
});

it('the password of ADMIN_PASSWORD is not repeated, and no admin is no news', async () => {
  const given = { email: 'admin@example.com', generatedPassword: undefined };
  expect((await announceFirstAdmin(given, folder, true)).join('\n')).toMatch(/from ADMIN_PASSWORD$/);
  expect(await announceFirstAdmin(undefined, folder, true)).toEqual([]);
});
