import { afterEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DataSource } from 'typeorm';
import { startEmbeddedDatabase } from '../../../src/database/embedded/embedded-database.js';
import { runFolder } from '../../../src/database/embedded/run-folder.js';
import {
  availableServers,
  eventually,
  isServerRunning,
  query,
  recordedServerPid,
  Surroundings,
} from './surroundings.js';

const run = promisify(execFile);
const surroundings = new Surroundings();
const progress: string[] = [];

afterEach(async () => {
  await surroundings.cleanUp();
  progress.length = 0;
});

const start = (dataDir: string, more: { pgBinDir?: string; supervise?: boolean } = {}) =>
  startEmbeddedDatabase({
    dataDir,
    dataDirIsDefault: false,
    fsync: false,
    onProgress: (message) => progress.push(message),
    ...more,
  });

describe.each(await availableServers())('the embedded database on $label', ({ pgBinDir }) => {
  it('keeps data and secrets from the first start to the second', async () => {
    const dataDir = await surroundings.dataDir();
    const first = await start(dataDir, { pgBinDir });
    await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await query(first.ownerUrl, 'GRANT SELECT ON kept TO mc101_app');
    await first.stop();
    expect(await isServerRunning(dataDir)).toBe(false);

    const second = await start(dataDir, { pgBinDir });
    expect(await query(second.appUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(second.secrets).toEqual(first.secrets);
    expect(second.appUrl).toBe(first.appUrl);
    await second.stop();
  });

  it('gives the app and the owner no more rights than they need, UTF-8, checksums and no TCP port', async () => {
    const database = await start(await surroundings.dataDir(), { pgBinDir });
    const roles = `SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname LIKE 'mc101%' ORDER BY 1`;
    expect(await query(database.superuserUrl, roles)).toEqual([
      { rolname: 'mc101_app', rolsuper: false, rolcreatedb: false, rolcreaterole: false },
      { rolname: 'mc101_owner', rolsuper: false, rolcreatedb: true, rolcreaterole: false },
    ]);
    const show = async (name: string) => (await query(database.appUrl, `SHOW ${name}`))[0]?.[name];
    expect(await show('listen_addresses')).toBe('');
    expect(await show('server_encoding')).toBe('UTF8');
    expect(await show('data_checksums')).toBe('on');
    expect(await show('server_version')).toContain(database.serverVersion);
    await database.stop();
  });

  it('refuses a connection with a wrong password', async () => {
    const database = await start(await surroundings.dataDir(), { pgBinDir });
    const wrong = database.appUrl.replace(/:[^:@]+@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await database.stop();
  });

  it('gives an address that TypeORM understands', async () => {
    const database = await start(await surroundings.dataDir(), { pgBinDir });
    const dataSource = new DataSource({ type: 'postgres', url: database.ownerUrl });
    await dataSource.initialize();
    expect(await dataSource.query('SELECT current_database() AS name, current_user AS who')).toEqual([
      { name: 'mc101', who: 'mc101_owner' },
    ]);
    await dataSource.destroy();
    await database.stop();
  });

  it('gives dump tools that read the server, where the machine has some', async () => {
    const database = await start(await surroundings.dataDir(), { pgBinDir });
    await query(database.ownerUrl, 'CREATE TABLE dumped (answer int)');
    const { dumpTools, notes } = database;
    const dump = dumpTools && (await run(dumpTools.pgDump, ['--schema-only', '--dbname', database.ownerUrl]));
    // Either a dump with the table, or a note that says which package brings one.
    expect(dump ? dump.stdout : notes.join('\n')).toMatch(
      dump ? /CREATE TABLE public\.dumped/ : /install postgresql-client-\d+/,
    );
    await database.stop();
  });

  it('starts a killed server again by itself, with everything that was committed', async () => {
    const dataDir = await surroundings.dataDir();
    const database = await start(dataDir, { pgBinDir });
    await query(database.ownerUrl, 'CREATE TABLE survives AS SELECT 7 AS lucky');
    for (let round = 0; round < 2; round++) {
      const pid = recordedServerPid(dataDir);
      process.kill(pid, 'SIGKILL');
      const rows = await eventually(async () =>
        recordedServerPid(dataDir) === pid ? undefined : await query(database.ownerUrl, 'TABLE survives'),
      );
      expect(rows).toEqual([{ lucky: 7 }]);
    }
    // The server may answer us before the watch has seen it answer.
    const told = /ended unexpectedly; starting it again[^]*runs again/;
    await eventually(() => Promise.resolve(told.test(progress.join('\n')) || undefined));
    await database.stop();
    expect(await isServerRunning(dataDir)).toBe(false);
  });

  it('stays stopped when it is stopped right after its server was killed', async () => {
    const dataDir = await surroundings.dataDir();
    const database = await start(dataDir, { pgBinDir });
    process.kill(recordedServerPid(dataDir), 'SIGKILL');
    await database.stop();
    expect(await isServerRunning(dataDir)).toBe(false);
    const again = await start(dataDir, { pgBinDir });
    expect(await query(again.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await again.stop();
  });
});

it('closes the data folder, the cluster, the sockets and the secrets to other users', async () => {
  const dataDir = await surroundings.dataDir();
  const database = await start(dataDir);
  const mode = async (name: string) => (await stat(path.join(dataDir, name))).mode & 0o777;
  expect((await mode('.')) & 0o067).toBe(0);
  expect(await mode('cluster')).toBe(0o700);
  expect(await mode('run')).toBe(0o700);
  expect(await mode('secrets.json')).toBe(0o600);
  expect(await mode('postgres.log')).toBe(0o600);
  await database.stop();
});

it('works in a folder whose path is too long for a socket', async () => {
  const dataDir = await surroundings.dataDir(path.join('a'.repeat(60), 'b'.repeat(60), 'data'));
  const first = await start(dataDir);
  expect(await query(first.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await expect(start(dataDir)).rejects.toThrow(/already runs/);
  await first.stop();
  await rm(runFolder(first.dataDir), { recursive: true });
});

it('says what it does, and keeps passwords and refused values out of the log', async () => {
  const dataDir = await surroundings.dataDir();
  const database = await start(dataDir);
  expect(progress.join('\n')).toMatch(/Creating the database[^]*Starting PostgreSQL/);
  await query(database.ownerUrl, `CREATE TABLE unique_names (name text UNIQUE)`);
  await query(database.ownerUrl, `INSERT INTO unique_names VALUES ('very-private')`);
  await expect(query(database.ownerUrl, `INSERT INTO unique_names VALUES ('very-private')`)).rejects.toThrow(
    /duplicate key/,
  );
  await database.stop();
  const log = await readFile(path.join(dataDir, 'postgres.log'), 'utf8');
  expect(log).toContain('duplicate key');
  expect(log).not.toContain('very-private');
  for (const password of Object.values(database.secrets.database)) expect(log).not.toContain(password);
});
