import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { databasePid, isRoot, Operator, startingUsers, type StartOptions } from '../../support/operator.js';
import { freePort } from '../../support/service-process.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

jest.setTimeout(90_000);

const ADMIN = { email: 'admin@example.com', password: 'seven otters at noon' };
const NOTE = { title: 'Where the key lies', content: 'Under the third stone.' };

const keeper = new Operator();
const operator = new Operator();
/** A data folder that was used and is in order; tests spoil copies of it. */
let used: string;
let noteId: number;

beforeAll(async () => {
  used = await keeper.newDataDir();
  const service = await keeper.start({ dataDir: used, env: { ADMIN_PASSWORD: ADMIN.password } });
  const token = await service.logIn(ADMIN.email, ADMIN.password);
  noteId = (await service.api.as({ token }).post('/users/notes', NOTE)).body.id;
  await service.stop();
});
afterEach(() => operator.cleanUp());
afterAll(() => keeper.cleanUp());

/** The sentence that a start is refused with, having checked that it is one. */
async function refusal(options: StartOptions): Promise<string> {
  const sentence = await operator.refusal(options);
  expect(sentence).toMatch(/^[^\n]{20,500}\.$/);
  return sentence;
}

/** Starts once more: the account and its note are as they were. */
async function expectUnharmed(options: StartOptions): Promise<void> {
  const service = await operator.start(options);
  const token = await service.logIn(ADMIN.email, ADMIN.password);
  expect((await service.api.as({ token }).get(`/users/notes/${noteId}`)).body).toMatchObject(NOTE);
  expect(await service.stop()).toEqual({ code: 0, signal: null });
}

describe('a port in use', () => {
  it('is named, on the very first start too, whose admin can then still log in', async () => {
    const taken = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    const dataDir = await operator.newDataDir();
    try {
      const refused = await operator.launch({ dataDir, port });
      expect(await refused.ended).toEqual({ code: 1, signal: null });
      expect(refused.stderr.trim()).toBe(
        `Port ${port} on 127.0.0.1 is in use: stop the program that uses it, or set PORT to another one.`,
      );
      expect(refused.stdout).not.toContain('EADDRINUSE');
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
    expect(await databasePid(dataDir)).toBeUndefined();
    const password = (await readFile(path.join(dataDir, 'first-admin'), 'utf8')).trim();
    const service = await operator.start({ dataDir, port });
    expect(await service.logIn(ADMIN.email, password)).toBeTruthy();
    await service.stop();
  });
});

describe('a second start on the same DATA_DIR', () => {
  it('is refused with the pid of the first, which goes on', async () => {
    const dataDir = await operator.copyOf(used);
    const first = await operator.start({ dataDir });
    const sentence = await refusal({ dataDir });
    expect(sentence).toContain(`already runs on the data folder ${dataDir} (pid ${first.pid})`);
    expect(await first.logIn(ADMIN.email, ADMIN.password)).toBeTruthy();
    await first.stop();
    await expectUnharmed({ dataDir });
  });
});

describe('DATA_DIR', () => {
  it('that is a file is named', async () => {
    const file = path.join(await operator.folder(), 'data');
    await writeFile(file, 'precious');
    expect(await refusal({ dataDir: file })).toMatch(
      /^DATA_DIR \(.*data\) cannot be created: a file of that name is in the way\./,
    );
    expect(await readFile(file, 'utf8')).toBe('precious');
  });

  it('that an ordinary user may not write to is named', async () => {
    const folder = await operator.folder();
    await chmod(folder, 0o555);
    const { user } = startingUsers().at(-1)!;
    const mayWriteAnywhere = isRoot && user === undefined;
    const dataDir = path.join(folder, 'data');
    if (mayWriteAnywhere) await (await operator.start({ dataDir })).stop();
    else {
      expect(await refusal({ dataDir, user })).toMatch(
        /^DATA_DIR \(.*data\) cannot be created: permission denied\./,
      );
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('of another major version of PostgreSQL is named with both versions, and left as it is', async () => {
    const dataDir = await operator.copyOf(used);
    const versionFile = path.join(dataDir, 'cluster', 'PG_VERSION');
    const version = await readFile(versionFile, 'utf8');
    await writeFile(versionFile, '9\n');
    expect(await refusal({ dataDir })).toMatch(/was made by PostgreSQL 9, but .* PostgreSQL \d+/);
    expect(await readFile(versionFile, 'utf8')).toBe('9\n');
    await writeFile(versionFile, version);
    await expectUnharmed({ dataDir });
  });

  it("below a closed home serves its owner, and is refused for root with the database's user", async () => {
    const home = await operator.folder();
    const dataDir = await operator.copyOf(used, path.join(home, '.data'));
    await chmod(home, 0o700);
    if (isRoot) {
      expect(await refusal({ dataDir })).toMatch(
        /^The database runs as the user "\w+", who cannot enter DATA_DIR/,
      );
      await chmod(home, 0o711);
    }
    await expectUnharmed({ dataDir });
  });
});

describe('after a kill -9 of the service', () => {
  it('the next start adopts its database server, and stops it in the end', async () => {
    const dataDir = await operator.copyOf(used);
    const killed = await operator.start({ dataDir });
    const orphan = await databasePid(dataDir);
    await killed.stop('SIGKILL');
    expect(await databasePid(dataDir)).toBe(orphan);
    const next = await operator.start({ dataDir });
    expect(next.stdout).toContain(
      `Adopting the database server that an earlier run left behind (pid ${orphan}).`,
    );
    expect(await databasePid(dataDir)).toBe(orphan);
    await next.stop();
    expect(await databasePid(dataDir)).toBeUndefined();
    await expectUnharmed({ dataDir });
  });
});

describe('secrets', () => {
  it('that are lost are asked for, and none are made in their place', async () => {
    const dataDir = await operator.copyOf(used);
    const secrets = path.join(dataDir, 'secrets.json');
    await rename(secrets, `${secrets}.away`);
    expect(await refusal({ dataDir })).toContain(`${secrets} is missing`);
    expect(await readdir(dataDir)).not.toContain('secrets.json');
    await rename(`${secrets}.away`, secrets);
    await expectUnharmed({ dataDir });
  });

  it.each([
    ['another key under the same id', 'k1', /^The key "k1" in APP_ENCRYPTION_KEY is not the one/],
    ['a key under another id alone', 'k2', /^APP_ENCRYPTION_KEY has no key "k1", which stored .* need/],
  ])('with %s in APP_ENCRYPTION_KEY are refused by that id', async (_, id, sentence) => {
    const dataDir = await operator.copyOf(used);
    const key = randomBytes(32).toString('base64');
    const said = await refusal({ dataDir, env: { APP_ENCRYPTION_KEY: `${id}:${key}` } });
    expect(said).toMatch(sentence);
    expect(said).not.toContain(key);
    expect(await databasePid(dataDir)).toBeUndefined();
    await expectUnharmed({ dataDir });
  });
});

describe('DATABASE_URL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  /** As an operator writes it who reaches the server through a socket. */
  const withHost = (url: string) => url.replace('@/', '@localhost/');
  const start = async (app: string, owner = app) => ({
    dataDir: await operator.newDataDir(),
    env: { DATABASE_URL: withHost(app), DATABASE_OWNER_URL: withHost(owner) },
  });

  it('where nobody listens is named without its password', async () => {
    const port = await freePort();
    const url = `postgresql://mc101:open-sesame@127.0.0.1:${port}/mc101`;
    const said = await refusal(await start(url));
    expect(said).toBe(
      `The PostgreSQL at 127.0.0.1:${port}/mc101 cannot be reached (ECONNREFUSED): start it, or correct DATABASE_URL.`,
    );
  });

  it('with a wrong password is named without it', async () => {
    const said = await refusal(await start(database.urls.app.replace(/:[^:@/]+@/, ':open-sesame@')));
    expect(said).toMatch(/^The PostgreSQL at .* refuses the user or password: correct DATABASE_URL\.$/);
    expect(said).not.toContain('open-sesame');
  });

  it('of a database that does not exist is named', async () => {
    const said = await refusal(await start(database.urls.app.replace(database.name, 'nowhere')));
    expect(said).toMatch(
      /^The PostgreSQL at .*\/nowhere does not exist: create it, or correct DATABASE_URL\.$/,
    );
  });

  it('of a database that a newer version has migrated is refused, and serves again without that', async () => {
    const options = await start(database.urls.app, database.urls.owner);
    const owner = new pg.Client({ connectionString: database.urls.owner });
    await owner.connect();
    try {
      await owner.query(`INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture')`);
      expect(await refusal(options)).toMatch(
        /migrations that this version does not know; start the newer version/,
      );
      await owner.query(`DELETE FROM migrations WHERE name = 'FromTheFuture'`);
    } finally {
      await owner.end();
    }
    const service = await operator.start(options);
    expect(service.stdout).toMatch(/^ {2}Database +PostgreSQL at /m);
    expect((await service.api.get('/ready')).status).toBe(200);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('a demo that goes into production', () => {
  const key = () => `k1:${randomBytes(32).toString('base64')}`;

  it('is refused with the accounts that have the public password, until they are closed', async () => {
    const dataDir = await operator.newDataDir();
    const env = {
      JWT_SECRET_KEY: key(),
      TOKEN_PEPPER: key(),
      APP_ENCRYPTION_KEY: key(),
      LOG_SIGNING_KEY: key(),
      MAIL_DISABLED: 'true',
      ADMIN_PASSWORD: ADMIN.password,
    };
    const demo = await operator.start({ dataDir, env: { ...env, SEED_DEMO_ACCOUNTS: 'true' } });
    expect(demo.stdout).toMatch(
      /Demo accounts: demo-admin@example\.com, ada@example\.com, grace@example\.com;/,
    );
    await demo.stop();

    const production = { ...env, NODE_ENV: 'production', PUBLIC_URL: 'https://vote.example.org' };
    expect(await refusal({ dataDir, env: production })).toMatch(
      /^The password of demo-admin@example\.com, ada@example\.com, grace@example\.com is that of the public demo: .*"npm run cli -- demo:close"/,
    );
    expect(await databasePid(dataDir)).toBeUndefined();
    const reset = ['admin:reset', '--email', 'demo-admin@example.com'];
    expect((await operator.command(reset, { dataDir, env: production })).code).toBe(0);
    expect(await refusal({ dataDir, env: production })).toMatch(/^The password of ada@\S+, grace@\S+ is/);
    expect(await operator.command(['demo:close'], { dataDir, env: production })).toMatchObject({
      code: 0,
      stdout:
        'ada@example.com is disabled; its sessions have ended.\ngrace@example.com is disabled; its sessions have ended.\n',
    });
    expect(await (await operator.start({ dataDir, env: production })).stop()).toEqual({
      code: 0,
      signal: null,
    });
  });
});

describe('the configuration', () => {
  it('of production names everything that is missing or weak in one message, and no value', async () => {
    const dataDir = await operator.newDataDir();
    const said = await operator.refusal({
      dataDir,
      env: {
        NODE_ENV: 'production',
        PUBLIC_URL: '',
        JWT_SECRET_KEY: 'hunter2hunter2',
        ADMIN_PASSWORD: 'letmein',
        SEED_DEMO_ACCOUNTS: 'true',
      },
    });
    for (const name of [
      'JWT_SECRET_KEY is weak',
      'TOKEN_PEPPER is missing',
      'APP_ENCRYPTION_KEY is missing',
      'LOG_SIGNING_KEY is missing',
      'PUBLIC_URL is missing',
      'MAIL_URL is missing',
      'ADMIN_PASSWORD is weak',
      'SEED_DEMO_ACCOUNTS must not be true',
    ])
      expect(said).toContain(name);
    expect(said).not.toMatch(/hunter2|letmein/);
  });

  it.each([
    ['HOST', '0.0.0.0'],
    ['PUBLIC_URL', 'https://vote.example.org'],
    ['TRUSTED_PROXIES', '10.0.0.0/8'],
  ])('of development refuses a %s that shows it to others', async (name, value) => {
    const dataDir = await operator.newDataDir();
    const said = await operator.refusal({ dataDir, env: { [name]: value } });
    expect(said).toMatch(
      new RegExp(`^The configuration cannot be used:\n {2}- ${name}.*NODE_ENV=production\\.$`),
    );
  });

  it('refuses a database of places that is none, and stops what it had started', async () => {
    const dataDir = await operator.newDataDir();
    const said = await operator.refusal({ dataDir, env: { GEOIP_DB_PATH: '/etc/hostname' } });
    expect(said).toMatch(
      /The configuration cannot be used:\n {2}- GEOIP_DB_PATH names a file that is no database/,
    );
    expect(await databasePid(dataDir)).toBeUndefined();
  });

  it('that is refused leaves no data folder behind', async () => {
    const dataDir = await operator.newDataDir();
    await operator.refusal({ dataDir, env: { PORT: 'eighty' } });
    expect(await readdir(path.dirname(dataDir))).toEqual([]);
  });
});
