import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startEmbeddedDatabase } from '../../../src/database/embedded/embedded-database.js';
import { StartupError } from '../../../src/database/embedded/startup-error.js';
import { isRoot, isServerRunning, npmBinDir, query, Surroundings } from './surroundings.js';

const surroundings = new Surroundings();
afterEach(() => surroundings.cleanUp());

const start = (dataDir: string, more: { pgBinDir?: string } = {}) =>
  startEmbeddedDatabase({
    dataDir,
    dataDirIsDefault: false,
    fsync: false,
    onProgress: () => undefined,
    ...more,
  });

/** A data folder on which the service has run and was stopped. */
async function usedDataDir(): Promise<string> {
  const dataDir = await surroundings.dataDir();
  await (await start(dataDir)).stop();
  return dataDir;
}

/** The sentence that a start ends with. */
async function refusal(starting: Promise<{ stop(): Promise<void> }>): Promise<string> {
  const outcome: unknown = await starting.then(
    async (database) => {
      await database.stop();
      return undefined;
    },
    (error: unknown) => error,
  );
  if (!(outcome instanceof StartupError)) throw new Error(`Expected a StartupError, got ${String(outcome)}`);
  expect(outcome.message).toMatch(/^[^\n]{20,400}\.$/);
  return outcome.message;
}

describe('secrets.json', () => {
  it('that is a link is refused in one sentence, and what it leads to keeps its mode', async () => {
    const dataDir = await surroundings.dataDir();
    await mkdir(dataDir, { mode: 0o700 });
    const target = path.join(await surroundings.folder(), 'of-somebody-else');
    await writeFile(target, '{}', { mode: 0o644 });
    await symlink(target, path.join(dataDir, 'secrets.json'));
    expect(await refusal(start(dataDir))).toMatch(/secrets\.json is a link or no ordinary file/);
    expect((await stat(target)).mode & 0o777).toBe(0o644);
  });

  it('that is a folder is refused in one sentence', async () => {
    const dataDir = await surroundings.dataDir();
    await mkdir(path.join(dataDir, 'secrets.json'), { recursive: true });
    expect(await refusal(start(dataDir))).toMatch(/secrets\.json is a link or no ordinary file/);
  });
});

describe('DATA_DIR', () => {
  it('that cannot be written is refused in one sentence', async () => {
    const closed = await surroundings.folder(0o500);
    // Nothing is closed to root but the kernel's own file systems.
    const dataDir = isRoot ? '/proc/mc101' : path.join(closed, 'data');
    expect(await refusal(start(dataDir))).toMatch(/DATA_DIR \(.*\) cannot be created: .* Set DATA_DIR/);
    if (!isRoot) expect(await refusal(start(closed))).toMatch(/DATA_DIR|permission/);
  });

  it('that is a file, or lies below one, is refused in one sentence', async () => {
    const file = path.join(await surroundings.folder(), 'file');
    await writeFile(file, '');
    expect(await refusal(start(file))).toContain('a file of that name is in the way');
    expect(await refusal(start(path.join(file, 'data')))).toContain('a part of the path is a file');
  });

  it('made by another major version is refused, naming both', async () => {
    const dataDir = await usedDataDir();
    await writeFile(path.join(dataDir, 'cluster', 'PG_VERSION'), '14\n');
    const sentence = await refusal(start(dataDir));
    expect(sentence).toMatch(/was made by PostgreSQL 14, but this machine has PostgreSQL .*18/);
    expect(sentence).toContain('PG_BIN_DIR');
    expect(await refusal(start(dataDir, { pgBinDir: await npmBinDir() }))).toContain(
      'was made by PostgreSQL 14, but PG_BIN_DIR holds PostgreSQL 18',
    );
  });

  it('is opened with the version that made it, also where a newer choice exists', async () => {
    const dataDir = await surroundings.dataDir();
    await (await start(dataDir, { pgBinDir: await npmBinDir() })).stop();
    const again = await start(dataDir);
    expect(again.serverVersion).toMatch(/^18\./);
    await again.stop();
  });

  it('with a cluster folder full of other things is refused and left as it is', async () => {
    const dataDir = await surroundings.dataDir();
    await mkdir(path.join(dataDir, 'cluster'), { recursive: true });
    await writeFile(path.join(dataDir, 'cluster', 'thesis.txt'), 'years of work');
    expect(await refusal(start(dataDir))).toContain('is not a database folder');
    expect(await readdir(path.join(dataDir, 'cluster'))).toEqual(['thesis.txt']);
  });

  it('that holds other things keeps its mode', async () => {
    const dataDir = await surroundings.folder(0o755);
    await writeFile(path.join(dataDir, 'thesis.txt'), 'years of work');
    await (await start(dataDir)).stop();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o755);
  });

  it('with a half-made cluster of a start that crashed is made anew', async () => {
    const dataDir = await surroundings.dataDir();
    await mkdir(path.join(dataDir, 'cluster.tmp-dead'), { recursive: true });
    await writeFile(path.join(dataDir, 'cluster.tmp-dead', 'PG_VERSION'), '15\n');
    const database = await start(dataDir);
    expect(await readdir(dataDir)).not.toContain('cluster.tmp-dead');
    await database.stop();
  });
});

describe('secrets.json', () => {
  it('missing beside a database is refused, and no new secrets are made', async () => {
    const dataDir = await usedDataDir();
    await rm(path.join(dataDir, 'secrets.json'));
    expect(await refusal(start(dataDir))).toMatch(/secrets\.json is missing.*restore it from your copy/);
    expect(await readdir(dataDir)).not.toContain('secrets.json');
  });

  it.each([
    ['cut off', '{"JWT_SECRET_KEY": "k1:', /is damaged \(it is not JSON\)/],
    ['empty', '', /is damaged \(it is not JSON\)/],
    [
      'without keys',
      '{"JWT_SECRET_KEY": "k1:x"}',
      /lacks TOKEN_PEPPER, APP_ENCRYPTION_KEY, .*database\.owner/,
    ],
    ['of another shape', '[1]', /lacks JWT_SECRET_KEY/],
  ])('%s is refused and left as it is', async (_, content, sentence) => {
    const dataDir = await usedDataDir();
    const file = path.join(dataDir, 'secrets.json');
    await writeFile(file, content);
    expect(await refusal(start(dataDir))).toMatch(sentence);
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  it('of another data folder is refused, and the server does not stay behind', async () => {
    const [dataDir, other] = [await usedDataDir(), await usedDataDir()];
    await rename(path.join(other, 'secrets.json'), path.join(dataDir, 'secrets.json'));
    expect(await refusal(start(dataDir))).toContain('belongs to another data folder');
    expect(await isServerRunning(dataDir)).toBe(false);
  });

  it('that others could read is closed again', async () => {
    const dataDir = await usedDataDir();
    const file = path.join(dataDir, 'secrets.json');
    await chmod(file, 0o644);
    await (await start(dataDir)).stop();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('holds four different keys of 32 bytes and three different passwords', async () => {
    const dataDir = await usedDataDir();
    const { database, ...rings } = JSON.parse(await readFile(path.join(dataDir, 'secrets.json'), 'utf8')) as {
      database: Record<string, string>;
    } & Record<string, string>;
    const keys = Object.entries(rings).map(([name, ring]) => {
      const [id, key = ''] = ring.split(':');
      expect({ name, id, bytes: Buffer.from(key, 'base64').length }).toEqual({ name, id: 'k1', bytes: 32 });
      return key;
    });
    expect(new Set([...keys, ...Object.values(database)]).size).toBe(7);
  });
});

describe('the server', () => {
  it('that cannot start says why in one sentence, with its log', async () => {
    const dataDir = await usedDataDir();
    await rm(path.join(dataDir, 'cluster', 'global', 'pg_control'));
    const sentence = await refusal(start(dataDir));
    expect(sentence).toMatch(/did not start: .*could not find the database system/i);
    expect(sentence).toContain('postgres.log');
  });

  it('starts although its recorded pid now belongs to another process', async () => {
    const dataDir = await usedDataDir();
    const { uid, gid } = await stat(path.join(dataDir, 'cluster'));
    const stranger = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
    try {
      const file = path.join(dataDir, 'cluster', 'postmaster.pid');
      await writeFile(file, `${stranger.pid}\n${path.join(dataDir, 'cluster')}\n1\n5432\n\n\n`);
      const database = await start(dataDir);
      expect(await query(database.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(stranger.exitCode).toBeNull();
      await database.stop();
    } finally {
      stranger.kill();
    }
  });

  it('is not looked for in a folder without programs', async () => {
    const sentence = await refusal(start(await surroundings.dataDir(), { pgBinDir: '/nowhere' }));
    expect(sentence).toContain('PG_BIN_DIR (/nowhere)');
  });
});
