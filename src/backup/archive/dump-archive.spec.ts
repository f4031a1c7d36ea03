import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dumpArchive } from './dump-archive.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = () => path.join(folder, 'made.partial');
const calls = async () => (await readFile(path.join(folder, 'calls'), 'utf8')).trim().split('\n');

/**
 * Dumps with a pg_dump that notes how it is to compress, and writes that into the file.
 * @param refusal what it says of zstd, after it has written half a file
 */
async function dumpWith(major: number, refusal?: string): Promise<void> {
  const pgDump = path.join(folder, 'pg_dump');
  const refuse = `zstd*) echo half of a file, and more > "$file"; cat '${folder}/refusal' >&2; exit 1;;`;
  const script = `#!/bin/sh
for word in "$@"; do
  case "$word" in
    --compress=*) compress="\${word#--compress=}";;
    --file=*) file="\${word#--file=}";;
  esac
done
echo "$compress" >> '${folder}/calls'
case "$compress" in ${refusal === undefined ? '' : refuse} esac
echo "whole, $compress" > "$file"
`;
  await writeFile(path.join(folder, 'refusal'), `${refusal ?? ''}\n`);
  await writeFile(pgDump, script, { mode: 0o755 });
  await dumpArchive({
    tools: { pgDump, pgRestore: path.join(folder, 'pg_restore'), major, version: `${major}.0` },
    url: 'postgresql://owner:hush@localhost/mc101',
    snapshot: '00000003-0000001B-1',
    file: file(),
    signal: new AbortController().signal,
  });
}

describe('a dump', () => {
  it.each([
    [15, '6'],
    [16, 'zstd:3'],
    [17, 'zstd:3'],
  ])('by tools of %i is compressed with %s', async (major, compression) => {
    await dumpWith(major);
    expect(await calls()).toEqual([compression]);
    expect(await readFile(file(), 'utf8')).toBe(`whole, ${compression}\n`);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it.each([
    'pg_dump: error: this build does not support compression with zstd',
    'pg_dump: error: invalid compression specification: this build does not support compression with ZSTD',
  ])('by tools that were built without zstd is one of gzip: %s', async (refusal) => {
    await dumpWith(17, refusal);
    expect(await calls()).toEqual(['zstd:3', 'gzip:6']);
    expect(await readFile(file(), 'utf8')).toBe('whole, gzip:6\n');
  });

  it.each([
    'pg_dump: error: connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  the database system is shutting down',
    'pg_dump: error: connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  database "zstd" does not exist',
    'pg_dump: error: could not compress data: zstd: Allocation error : not enough memory',
  ])('that fails for another reason is not tried again: %s', async (complaint) => {
    await expect(dumpWith(17, complaint)).rejects.toThrow(
      complaint.replace(/^pg_dump: /, 'pg_dump failed: '),
    );
    expect(await calls()).toEqual(['zstd:3']);
  });

  it('does not write over a file that is there', async () => {
    await writeFile(file(), 'somebody else\n');
    await expect(dumpWith(17)).rejects.toThrow('EEXIST');
    expect(await readFile(file(), 'utf8')).toBe('somebody else\n');
  });
});
