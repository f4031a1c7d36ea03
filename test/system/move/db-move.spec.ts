import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { moveDatabase, type MoveOrder } from '../../../src/backup/move/move-database.js';
import type { DatabaseUrls } from '../../../src/config/app-config.js';
import { parseKeyRing } from '../../../src/crypto/parse-key-ring.js';
import { startEmbeddedDatabase } from '../../../src/database/embedded/embedded-database.js';
import { eventually, npmBinDir } from '../../integration/embedded/surroundings.js';
import { databasePid, Operator, query, readSecrets } from '../../support/operator.js';
import { ProgramProcess } from '../../support/service-process.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { createTestDatabase, openPool, type TestDatabase } from '../../support/test-database.js';

jest.setTimeout(180_000);

const PASSWORD = 'nine lanterns over the harbour';
const operator = new Operator();
const endings: (() => Promise<unknown>)[] = [];
let backupDir: string;

beforeEach(async () => {
  backupDir = path.join(await operator.folder(), 'backups');
});
afterEach(async () => {
  await operator.cleanUp();
  for (const end of endings.splice(0).reverse()) await end();
});

async function database(options?: { empty: boolean }): Promise<TestDatabase> {
  const made = await createTestDatabase(options);
  endings.push(made.drop);
  return made;
}

function poolOf(url: string): pg.Pool {
  const pool = openPool(url);
  endings.push(() => pool.end());
  return pool;
}

/** Acts as the owner without being a connection of its role, which would count as one of the service. */
function asOwner({ urls, superuserUrl, name }: TestDatabase): pg.Pool {
  const owner = decodeURIComponent(new URL(urls.owner.replace('@/', '@localhost/')).username);
  const inDatabase = superuserUrl.replace(/\/postgres(?=\?|$)/, `/${name}`);
  return poolOf(`${inDatabase}${inDatabase.includes('?') ? '&' : '?'}options=-c%20role%3D${owner}`);
}

/** An empty database of another major: the server that npm brings. */
async function npmServer(): Promise<DatabaseUrls> {
  const server = await startEmbeddedDatabase({
    dataDir: await operator.newDataDir(),
    dataDirIsDefault: false,
    pgBinDir: await npmBinDir(),
    fsync: false,
    supervise: false,
    onProgress: () => undefined,
  });
  endings.unshift(() => server.stop());
  return { app: server.appUrl, owner: server.ownerUrl, direct: server.ownerUrl };
}

/** How an operator gives a target: addresses in the open, passwords in files. */
async function targetOptions({ app, owner }: DatabaseUrls): Promise<{ args: string[]; passwords: string[] }> {
  const folder = await operator.folder();
  const split = (url: string) => {
    const [, head, password, tail] = /^(.*:\/\/[^:]+):([^@]+)(@.*)$/.exec(url)!;
    return { bare: `${head}${tail}`, password: decodeURIComponent(password!) };
  };
  const [one, other] = [split(app), split(owner)];
  await writeFile(path.join(folder, 'app'), `${one.password}\n`);
  await writeFile(path.join(folder, 'owner'), `${other.password}\n`);
  return {
    args: [
      ...['db:move', '--to', one.bare, '--owner-to', other.bare],
      ...['--password-file', path.join(folder, 'app'), '--owner-password-file', path.join(folder, 'owner')],
    ],
    passwords: [one.password, other.password],
  };
}

const order = (
  from: TestDatabase,
  to: TestDatabase | DatabaseUrls,
  more: Partial<MoveOrder> = {},
): MoveOrder => ({
  from: from.urls.owner,
  to: 'urls' in to ? to.urls : to,
  dir: backupDir,
  programs: { searchPath: process.env['PATH'] },
  ring: parseKeyRing('APP_ENCRYPTION_KEY', TEST_SECRETS.APP_ENCRYPTION_KEY),
  isServiceStopped: false,
  signal: new AbortController().signal,
  onStep: () => undefined,
  ...more,
});

const everythingIn = async (sql: pg.Pool) =>
  (
    await sql.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')
       UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
       UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
       UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace`,
    )
  ).rows.map(({ name }) => name);

const usersIn = async (sql: pg.Pool) =>
  (await sql.query<{ email: string }>('SELECT email FROM users ORDER BY id')).rows.map(({ email }) => email);

const addUser = (sql: pg.Pool, name: string) =>
  sql.query(
    `INSERT INTO users (name, email, email_normalized, voter_key) VALUES ($1, $1 || '@b.c', $1 || '@b.c', gen_random_uuid())`,
    [name],
  );

describe('from the embedded database to an external one of another major', () => {
  let dataDir: string;
  const env = () => ({ BACKUP_CRON: 'off', BACKUP_DIR: backupDir, ADMIN_PASSWORD: PASSWORD });
  beforeEach(async () => {
    dataDir = await operator.newDataDir();
  });

  it('everything arrives, notes open there, sessions go on, and the source stays as it was', async () => {
    const before = await operator.start({ dataDir, env: env() });
    const token = await before.logIn('admin@example.com', PASSWORD);
    const note = { title: 'Carried', content: 'over the harbour' };
    const { id } = (await before.api.as({ token }).post('/users/notes', note)).body;
    await before.stop();

    const target = await npmServer();
    const { args, passwords } = await targetOptions(target);
    const moved = await operator.command(args, { dataDir, env: env() });
    expect(moved.stderr).toContain('Copying into the target');
    expect(moved.code).toBe(0);
    expect(moved.stdout).toMatch(/^Moved and compared: \d+ tables with \d+ rows\./);
    expect(moved.stdout).toContain(`DATABASE_URL=${args[2]!}\n`);
    expect(moved.stdout).toContain(`DATABASE_OWNER_URL=${args[4]!}\n`);
    expect(moved.stdout).toContain(`${dataDir}/secrets.json`);
    for (const password of passwords) expect(moved.stdout + moved.stderr).not.toContain(password);
    expect(await everythingIn(poolOf(target.owner))).not.toContain('mc101_unfinished_move');

    const after = await operator.start({
      dataDir,
      env: { ...env(), DATABASE_URL: target.app, DATABASE_OWNER_URL: target.owner },
    });
    expect((await after.api.as({ token }).get(`/users/notes/${id}`)).body).toMatchObject(note);
    expect((await after.api.as({ token }).post('/users/notes', note)).status).toBe(201);
    await after.stop();

    await (await operator.start({ dataDir, env: env() })).stop();
    expect(await readdir(backupDir)).toHaveLength(2);
  });

  it('goes into a new data folder of another major, with the keys', async () => {
    const before = await operator.start({ dataDir, env: env() });
    const token = await before.logIn('admin@example.com', PASSWORD);
    const note = { title: 'Carried', content: 'into a newer house' };
    const { id } = (await before.api.as({ token }).post('/users/notes', note)).body;
    await before.stop();

    const newer = { PG_BIN_DIR: await npmBinDir() };
    const folder = await operator.newDataDir();
    const args = ['db:move', '--to-embedded', folder, '--pg-bin-dir', newer.PG_BIN_DIR];
    const moved = await operator.command(args, { dataDir, env: env() });
    expect(moved.stderr).toContain('Copying into the target');
    expect(moved.code).toBe(0);
    expect(moved.stdout).toContain(`DATA_DIR=${folder}`);
    expect(await databasePid(folder)).toBeUndefined();
    expect(await databasePid(dataDir)).toBeUndefined();

    const [was, is] = [await readSecrets(dataDir), await readSecrets(folder)];
    expect({ ...is, database: undefined }).toEqual({ ...was, database: undefined });
    expect(is.database.owner).not.toBe(was.database.owner);
    const after = await operator.start({ dataDir: folder, env: { ...env(), ...newer } });
    expect(after.stdout).toContain('embedded PostgreSQL 18');
    expect((await after.api.as({ token }).get(`/users/notes/${id}`)).body).toMatchObject(note);
    await after.stop();

    const again = await operator.command(args, { dataDir, env: env() });
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('The target is not empty');
    expect(await readSecrets(folder)).toEqual(is);
  });

  it('is refused while the service runs, and the target stays empty', async () => {
    const service = await operator.start({ dataDir, env: env() });
    const target = await database({ empty: true });
    const refused = await operator.command((await targetOptions(target.urls)).args, { dataDir, env: env() });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toBe(
      `The service with the pid ${service.pid} uses the data folder ${dataDir}, and what it writes after the move would be lost: stop it first.\n`,
    );
    expect(await everythingIn(poolOf(target.urls.owner))).toEqual([]);
    expect(await query(dataDir, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('from one external database to another', () => {
  let source: TestDatabase;
  let target: TestDatabase;
  let from: pg.Pool;
  let to: pg.Pool;
  beforeEach(async () => {
    source = await database();
    target = await database({ empty: true });
    from = asOwner(source);
    to = poolOf(target.urls.owner);
    await addUser(from, 'ann');
  });

  it('nobody can write to the source while it is copied, and what was written before is in the target', async () => {
    let attempt: string | undefined;
    const onTargetEmpty = async () => {
      const insert = `INSERT INTO voter_keys VALUES ('\\x00', gen_random_uuid())`;
      attempt = await from.query(`SET lock_timeout = '50ms'; ${insert}`).then(
        () => 'written',
        (error: unknown) => (error as { code: string }).code,
      );
    };
    const backup = await moveDatabase(order(source, target, { onTargetEmpty }));
    // lock_not_available
    expect(attempt).toBe('55P03');
    expect(await usersIn(to)).toEqual(['ann@b.c']);
    expect(backup.manifest).toMatchObject({ reason: 'move', verification: 'read' });
    await addUser(from, 'ben');
  });

  it('the role of the app can use the target, and no more than that', async () => {
    await moveDatabase(order(source, target));
    const app = poolOf(target.urls.app);
    await addUser(app, 'cleo');
    expect(await usersIn(app)).toEqual(['ann@b.c', 'cleo@b.c']);
    await expect(app.query('CREATE TABLE mine ()')).rejects.toThrow('permission denied');
  });

  it.each([
    ['of the app', 'mc101', () => source.urls.app],
    ['of the app, under another name', 'votes_eu', () => source.urls.app],
    ['of the app, under the name of the move', 'mc101 backup', () => source.urls.app],
    ['of the owner, without a name', '', () => source.urls.owner],
  ])('a connection %s is a reason to stop, unless it is known to be a pooler', async (_, name, urlOf) => {
    const url = urlOf();
    const connectionString = `${url}${url.includes('?') ? '&' : '?'}application_name=${encodeURIComponent(name)}`;
    const service = new pg.Client({ connectionString });
    await service.connect();
    endings.push(() => service.end());
    await expect(moveDatabase(order(source, target))).rejects.toThrow(
      new RegExp(
        `^The service is connected to the source \\(connections: 1; ${name || 'no name'} as mc101_\\w+\\).* --service-is-stopped\\.$`,
      ),
    );
    expect(await everythingIn(to)).toEqual([]);
    await moveDatabase(order(source, target, { isServiceStopped: true }));
    expect(await usersIn(to)).toEqual(['ann@b.c']);
  });

  it('a pg_dump that a killed run has left is ended, and is no reason to stop', async () => {
    const left = new pg.Client({ connectionString: source.urls.owner, application_name: 'mc101 pg_dump' });
    const ended = new Promise((resolve) => left.once('end', resolve));
    left.on('error', () => undefined);
    await left.connect();
    endings.push(() => left.end());
    await left.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT FROM users');
    await moveDatabase(order(source, target));
    expect(await usersIn(to)).toEqual(['ann@b.c']);
    await ended;
  });

  it('a connection of the app that calls itself a pg_dump is a reason to stop', async () => {
    const service = new pg.Client({ connectionString: source.urls.app, application_name: 'mc101 pg_dump' });
    await service.connect();
    endings.push(() => service.end());
    await expect(moveDatabase(order(source, target))).rejects.toThrow('connected to the source');
    expect(await everythingIn(to)).toEqual([]);
  });

  it('a service that comes in mid-move undoes it', async () => {
    const service = new pg.Client({ connectionString: source.urls.app, application_name: 'mc101' });
    endings.push(() => service.end());
    const onTargetEmpty = async () => {
      await service.connect();
    };
    await expect(moveDatabase(order(source, target, { onTargetEmpty }))).rejects.toThrow(
      'connected to the source',
    );
    expect(await everythingIn(to)).toEqual([]);
  });

  it('a target that holds anything is refused, and so is the source itself', async () => {
    await to.query(`CREATE TYPE mood AS ENUM ('mine')`);
    await expect(moveDatabase(order(source, target))).rejects.toThrow(
      /^The target is not empty \(the type mood\)/,
    );
    expect(await everythingIn(to)).toContain('mood');
    await expect(moveDatabase(order(source, source))).rejects.toThrow(/^The target is the source itself/);
    expect(await usersIn(from)).toEqual(['ann@b.c']);
  });

  it('a target that cannot be reached, or with too few rights, is told in a sentence', async () => {
    const wrong = target.urls.app.replace(/:[^:@]*@/, ':wrong@');
    await expect(moveDatabase(order(source, { ...target.urls, app: wrong }))).rejects.toThrow(
      'The target cannot be reached as the app (28P01): correct its address, role and password.',
    );
    const { app } = target.urls;
    await expect(moveDatabase(order(source, { app, owner: app, direct: app }))).rejects.toThrow(
      /may not create tables in the target.*--owner-to\.$/,
    );
  });

  it('an older server than the source is refused', async () => {
    const { owner } = await npmServer();
    const newer = { ...source, urls: { ...source.urls, owner } };
    await expect(moveDatabase(order(newer, target))).rejects.toThrow(/must be 18 or newer/);
  });

  it('a source of a newer version is refused, and the target stays empty', async () => {
    await from.query(
      `INSERT INTO migrations ("timestamp", name) VALUES (9999999999999, 'FromTheFuture9999999999999')`,
    );
    await expect(moveDatabase(order(source, target))).rejects.toThrow('move it with the newer version');
    expect(await everythingIn(to)).toEqual([]);
  });

  it('given up in the middle, the target is empty and the next try works', async () => {
    const stop = new AbortController();
    const onStep = (step: string) => {
      if (step.startsWith('Copying')) stop.abort(new Error('Ctrl-C'));
    };
    await expect(moveDatabase(order(source, target, { onStep, signal: stop.signal }))).rejects.toThrow(
      'Ctrl-C',
    );
    expect(await everythingIn(to)).toEqual([]);
    await moveDatabase(order(source, target));
    expect(await usersIn(to)).toEqual(['ann@b.c']);
  });

  it('killed in the middle, what it left goes with the next try', async () => {
    await from.query(
      `CREATE SCHEMA mine; CREATE TABLE mine.large AS SELECT n, md5(n::text) AS text FROM generate_series(1, 400000) n`,
    );
    const { args } = await targetOptions(target.urls);
    const move = new ProgramProcess('scripts/cli.mjs', args, {
      env: {
        ...TEST_SECRETS,
        DATABASE_URL: source.urls.app,
        DATABASE_OWNER_URL: source.urls.owner,
        DATA_DIR: await operator.newDataDir(),
        BACKUP_DIR: backupDir,
      },
    });
    await eventually(() => Promise.resolve(move.stderr.includes('Copying into the target') || undefined));
    move.signal('SIGKILL');
    expect(await move.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(await everythingIn(to)).toContain('mc101_unfinished_move');

    await moveDatabase(order(source, target));
    expect(await everythingIn(to)).not.toContain('mc101_unfinished_move');
    expect((await to.query('SELECT count(*) AS count FROM mine.large')).rows).toEqual([{ count: 400_000 }]);
  });

  it('killed at the very end, whatever came in goes with the next try', async () => {
    await to.query(
      `CREATE SCHEMA mc101_unfinished_move; CREATE SCHEMA mine; CREATE TABLE mine.one (id int);
       CREATE TYPE mood AS ENUM ('mine'); CREATE TYPE pair AS (a int, b mood); CREATE TABLE users (id mood);
       CREATE VIEW all_users AS SELECT * FROM users; CREATE SEQUENCE counter;
       CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY, other serial);
       CREATE FUNCTION feel() RETURNS mood LANGUAGE sql AS $$ SELECT 'mine'::mood $$`,
    );
    await moveDatabase(order(source, target));
    expect(await usersIn(to)).toEqual(['ann@b.c']);
    const left = await everythingIn(to);
    for (const name of ['mine', 'mood', 'pair', 'all_users', 'counter', 'numbered', 'feel'])
      expect(left).not.toContain(name);
  });
});
