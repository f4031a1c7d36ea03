import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findDumpTools } from './find-dump-tools.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Puts programs of this version into a folder of their own. */
async function install(dump: number, restore = dump): Promise<string> {
  const binDir = path.join(folder, `${dump}-${restore}`);
  await mkdir(binDir);
  for (const [program, major] of [
    ['pg_dump', dump],
    ['pg_restore', restore],
  ] as const)
    await writeFile(path.join(binDir, program), `#!/bin/sh\necho '${program} (PostgreSQL) ${major}.2'\n`, {
      mode: 0o755,
    });
  return binDir;
}

async function find(serverMajor: number, ...majors: number[]) {
  const binDirs: string[] = [];
  for (const major of majors) binDirs.push(await install(major));
  return findDumpTools(serverMajor, { binDirs });
}

// Majors far off are of no PostgreSQL that may be installed where the tests run, which is looked at as well.
describe('the dump tools for a server', () => {
  it('are of its own major, with their folder and version', async () => {
    expect(await find(91, 92, 91, 90)).toEqual({
      pgDump: path.join(folder, '91-91', 'pg_dump'),
      pgRestore: path.join(folder, '91-91', 'pg_restore'),
      major: 91,
      version: '91.2',
    });
  });

  it('are else of the nearest newer one', async () => {
    expect(await find(91, 97, 93, 90)).toMatchObject({ major: 93 });
  });

  it('are never older: pg_dump refuses a newer server', async () => {
    expect(await find(91, 90, 17)).toBeUndefined();
  });

  it('are found on the path, and come from the named folder where both have them', async () => {
    const onPath = await install(91);
    expect(await findDumpTools(91, { searchPath: onPath })).toMatchObject({ version: '91.2' });
    const named = path.join(folder, 'named');
    await mkdir(named);
    for (const program of ['pg_dump', 'pg_restore'])
      await writeFile(path.join(named, program), `#!/bin/sh\necho '${program} (PostgreSQL) 91.7'\n`, {
        mode: 0o755,
      });
    expect(await findDumpTools(91, { binDirs: [named], searchPath: onPath })).toMatchObject({
      version: '91.7',
    });
  });

  it('are a pair of one version', async () => {
    expect(await findDumpTools(91, { binDirs: [await install(92, 91)] })).toBeUndefined();
  });

  it.each([15, 16])('%i are none of 17 and newer, whose pg_restore says what it refuses', async (server) => {
    const found = await find(server, 17, 18);
    // The machine may have fitting ones of its own.
    expect(found?.pgDump.startsWith(folder) ?? false).toBe(false);
    expect(found?.major ?? 16).toBeLessThan(17);
  });

  it('17 may be of 18', async () => {
    expect([17, 18]).toContain((await find(17, 18))?.major);
  });
});
