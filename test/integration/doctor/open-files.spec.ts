import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { findOpenFiles } from '../../../src/doctor/probes/open-files.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
  await chmod(folder, 0o755);
  await mkdir(path.join(folder, 'secrets'));
  file = path.join(folder, 'secrets', 'key');
  await writeFile(file, 'hush');
  await chmod(path.dirname(file), 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

it('a file that every user of the machine can read is found, with its permissions', async () => {
  await chmod(file, 0o644);
  expect(await findOpenFiles([file])).toEqual([{ file, mode: '644' }]);
});

it.each([0o600, 0o400, 0o640])('one with the permissions %o is not', async (mode) => {
  await chmod(file, mode);
  expect(await findOpenFiles([file])).toEqual([]);
});

it('one below a folder that others cannot pass is not', async () => {
  await chmod(file, 0o644);
  await chmod(folder, 0o750);
  expect(await findOpenFiles([file])).toEqual([]);
});

it('one that is not there is nobody else to tell of', async () => {
  expect(await findOpenFiles([path.join(folder, 'nowhere')])).toEqual([]);
});
