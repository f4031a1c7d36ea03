import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmod, cp, readFile, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { locateBinaries } from '../../../src/database/embedded/locate-binaries.js';
import { databasePid, Operator, readSecrets, startingUsers } from '../../support/operator.js';
import { checkout, type ServiceProcess } from '../../support/service-process.js';

jest.setTimeout(60_000);

const PASSWORD = 'seven otters at noon';

const keeper = new Operator();
const operator = new Operator();
/** A data folder that was used and is in order, to be copied. */
let used: string;

beforeAll(async () => {
  used = await keeper.newDataDir();
  await (await keeper.start({ dataDir: used, env: { ADMIN_PASSWORD: PASSWORD } })).stop();
});
afterEach(() => operator.cleanUp());
afterAll(() => keeper.cleanUp());

describe.each(startingUsers())('started by $label', ({ user }) => {
  it('says at first what it does and where everything is, and finds all of it again on the second start', async () => {
    const dataDir = await operator.newDataDir(user);
    const first = await operator.start({ dataDir, user });
    expect(first.stderr).toBe('');
    for (const fact of [
      /^Creating the database \(PostgreSQL \d+/m,
      /^Starting PostgreSQL/m,
      /^Bringing the database schema up to date/m,
      /^The database schema is up to date \((?:1 migration|\d{2,} migrations|[2-9] migrations) ran\)\.$/m,
      /^Starting the service/m,
      /^ {2}Service +http:\/\/localhost:8000$/m,
      /^ {2}Swagger UI +http:\/\/localhost:8000\/mc101docs$/m,
      /^ {2}Health +http:\/\/localhost:8000\/health/m,
      /^ {2}Database +embedded PostgreSQL \d+\.\d+$/m,
      /^ {2}Admin +admin@example\.com$/m,
    ])
      expect(first.stdout).toMatch(fact);
    expect(first.stdout).toContain(`Data        ${dataDir}\n`);

    const passwordFile = path.join(dataDir, 'first-admin');
    expect(first.stdout).toContain(`Password    in ${passwordFile} (`);
    const password = (await readFile(passwordFile, 'utf8')).trim();
    expect(first.stdout).not.toContain(password);
    for (const file of [passwordFile, path.join(dataDir, 'secrets.json')])
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    const token = await first.logIn('admin@example.com', password);
    const secrets = await readSecrets(dataDir);
    expect(await first.stop()).toEqual({ code: 0, signal: null });

    const second = await operator.start({ dataDir, user });
    expect(second.stdout).not.toContain('Creating the database');
    expect(second.stdout).not.toMatch(/Admin|Password/);
    expect(await readSecrets(dataDir)).toEqual(secrets);
    const admin = second.api.as({ token });
    expect((await admin.get('/users/info')).body).toMatchObject({
      email: 'admin@example.com',
      role: 'admin',
    });
    expect((await admin.get('/admin/users')).body.items).toHaveLength(1);
    expect((await second.api.get('/ready')).body.checks.database.status).toBe('ok');
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    expect(second.stderr).toBe('');
  });
});

it('says every second or so that it still creates the database where that takes long', async () => {
  const dataDir = await operator.newDataDir();
  const service = await operator.start({ dataDir, env: { PG_BIN_DIR: await slowInstallation(3) } });
  const told = service.stdout.match(/^Creating the database… \d s$/gm) ?? [];
  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(new Set(told).size).toBe(told.length);
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('lets the request in flight finish, takes no new one, and stops the database too', async () => {
    const dataDir = await operator.copyOf(used);
    const service = await operator.start({ dataDir });
    const login = await halfSentLogin(service);
    service.signal(signal);
    await service.said(`${signal}: stopping …`);
    await expect(service.api.get('/health')).rejects.toThrow('fetch failed');
    expect(await login.finish()).toMatchObject({
      status: 200,
      text: expect.stringContaining('access_token'),
    });
    expect(await service.ended).toEqual({ code: 0, signal: null });
    // Not only because the longest wait for requests was over.
    expect(service.stdout).not.toContain('still in flight');
    expect(service.stdout).toMatch(/Stopped\.\n$/);
    expect(await databasePid(dataDir)).toBeUndefined();
  });

  it('while the service only starts leaves no database server behind', async () => {
    const dataDir = await operator.copyOf(used);
    const service = await operator.launch({ dataDir });
    while ((await databasePid(dataDir)) === undefined) await setImmediate();
    expect(await service.stop(signal)).toEqual({ code: 0, signal: null });
    expect(service.stderr).toBe('');
    const next = await operator.start({ dataDir });
    expect(next.stdout).not.toContain('left behind');
    await next.stop();
  });
});

it('without a terminal SIGHUP ends nothing, so that nohup holds', async () => {
  const dataDir = await operator.copyOf(used);
  const service = await operator.start({ dataDir });
  service.signal('SIGHUP');
  expect((await service.api.get('/health')).status).toBe(200);
  expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(service.stdout).not.toContain('SIGHUP');
});

it('the .env of the current folder is read, which the first line says, and the environment wins over it', async () => {
  const cwd = await operator.folder();
  await writeFile(path.join(cwd, '.env'), 'DOCS_ENABLED=false\nPORT=1\n');
  const service = await operator.start({ dataDir: await operator.copyOf(used), cwd });
  expect(service.stdout.split('\n')[0]).toBe(`Configuration from ${await realpath(cwd)}/.env`);
  expect(service.stdout).not.toContain('Swagger UI');
  expect((await service.api.get('/health')).status).toBe(200);
});

it('where the current folder has no .env, the one beside package.json is read', async () => {
  const installed = await operator.folder();
  await cp(path.join(checkout, 'dist'), path.join(installed, 'dist'), { recursive: true });
  for (const name of ['node_modules', 'package.json'])
    await symlink(path.join(checkout, name), path.join(installed, name));
  await writeFile(path.join(installed, '.env'), 'PORT=eighty\n');
  const { stdout, stderr } = spawnSync(process.execPath, [path.join(installed, 'dist', 'main.js')], {
    cwd: await operator.folder(),
    env: {},
    encoding: 'utf8',
  });
  expect(stdout).toBe(`Configuration from ${await realpath(installed)}/.env\n`);
  expect(stderr).toMatch(/^ {2}- PORT /m);
});

it('a Ctrl-C that arrives twice, as npm passes it on, still stops in order', async () => {
  const dataDir = await operator.copyOf(used);
  const service = await operator.start({ dataDir });
  service.signal('SIGINT');
  await service.said('SIGINT: stopping …');
  service.signal('SIGINT');
  expect(await service.ended).toEqual({ code: 0, signal: null });
  expect(await databasePid(dataDir)).toBeUndefined();
});

/** A PostgreSQL whose initdb takes its time, as on a slow disk. */
async function slowInstallation(seconds: number): Promise<string> {
  const { binDir } = await locateBinaries({
    pgBinDir: process.env['MC101_TEST_PG_BIN_DIR'],
    searchPath: process.env['PATH'],
  });
  const folder = await operator.folder();
  await symlink(path.join(binDir, 'postgres'), path.join(folder, 'postgres'));
  const initdb = path.join(folder, 'initdb');
  await writeFile(
    initdb,
    `#!/bin/sh\n[ "$1" = --version ] || sleep ${seconds}\nexec "${path.join(binDir, 'initdb')}" "$@"\n`,
  );
  await chmod(initdb, 0o755);
  return folder;
}

/** A login whose head the service has read, and whose body it waits for, by a client that keeps its connection. */
async function halfSentLogin({ port }: ServiceProcess) {
  const body = JSON.stringify({ email: 'admin@example.com', password: PASSWORD });
  const login = request({
    port,
    host: '127.0.0.1',
    agent: new Agent({ keepAlive: true, timeout: 60_000 }),
    method: 'POST',
    path: '/users/login',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  });
  const answer = new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    login.once('error', reject);
    login.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode, text });
      });
    });
  });
  login.flushHeaders();
  await new Promise((resolve) => login.once('continue', resolve));
  return {
    finish: () => {
      login.end(body);
      return answer;
    },
  };
}
